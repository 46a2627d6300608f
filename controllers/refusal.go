package controllers

import (
	"strings"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/plan"
)

// refusedAgain is how long to wait before a pod that was refused is tried again: flat, for quota that is free again
// should be used soon.
const refusedAgain = 2 * time.Second

// refusal says why the API server refused a pod. Only the word for it is read from the text, for the server has no
// other sign for quota; what is done about it is the same.
func refusal(err error) *plan.Blocked {
	reason := v1alpha1.ReasonPodRejected
	if strings.Contains(err.Error(), "exceeded quota") {
		reason = v1alpha1.ReasonQuotaExceeded
	}
	return &plan.Blocked{Reason: reason, Message: err.Error()}
}
