package controllers

import (
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

// errForeign says that a name we need is taken: by somebody's object, or by one of an earlier run that is about to go.
var errForeign = errors.New("it is not this run's: delete it, or give the run another name")

func foreign(kind string, o metav1.Object) error {
	return fmt.Errorf("%s %s exists: %w", kind, o.GetName(), errForeign)
}
