package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the API group and version of every kind in this package.
var GroupVersion = schema.GroupVersion{Group: "podtest.dev", Version: "v1alpha1"}

// AddToScheme makes the kinds of this package known to a scheme.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion,
		&TestRun{}, &TestRunList{},
		&TestBatch{}, &TestBatchList{},
		&TestRecord{}, &TestRecordList{},
		&TestProfile{}, &TestProfileList{},
	)
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}
