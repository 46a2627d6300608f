package junit

import "encoding/xml"

// The elements, as quick-junit writes them for nextest.
type testSuites struct {
	XMLName   xml.Name `xml:"testsuites"`
	Name      string   `xml:"name,attr"`
	Tests     int      `xml:"tests,attr"`
	Skipped   int      `xml:"skipped,attr"`
	Failures  int      `xml:"failures,attr"`
	Errors    int      `xml:"errors,attr"`
	UUID      string   `xml:"uuid,attr"`
	Timestamp string   `xml:"timestamp,attr"`
	Time      string   `xml:"time,attr"`
	Suites    []*testSuite

	byName     map[string]*testSuite
	properties properties // of each suite
}

type testSuite struct {
	XMLName    xml.Name   `xml:"testsuite"`
	Name       string     `xml:"name,attr"`
	Tests      int        `xml:"tests,attr"`
	Skipped    int        `xml:"skipped,attr"`
	Errors     int        `xml:"errors,attr"`
	Failures   int        `xml:"failures,attr"`
	Properties properties `xml:"properties"`
	Cases      []testCase
}

type testCase struct {
	XMLName    xml.Name    `xml:"testcase"`
	Name       string      `xml:"name,attr"`
	ClassName  string      `xml:"classname,attr"`
	Timestamp  string      `xml:"timestamp,attr,omitempty"`
	Time       string      `xml:"time,attr"`
	Properties *properties `xml:"properties"`
	Skipped    *skipped    `xml:"skipped"`
	Bad        *bad        // how it failed
	Others     []bad       // other attempts that failed
	Out        string      `xml:"system-out,omitempty"`
	Err        string      `xml:"system-err,omitempty"`

	cut int64 // bytes of what it printed
}

type properties struct {
	Properties []property `xml:"property"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type skipped struct {
	Message string `xml:"message,attr"`
}

// bad is a <failure> or an <error>, or one of another attempt: <rerunFailure>, <flakyFailure> and so on.
type bad struct {
	XMLName   xml.Name
	Timestamp string `xml:"timestamp,attr,omitempty"`
	Time      string `xml:"time,attr,omitempty"`
	Message   string `xml:"message,attr,omitempty"`
	Type      string `xml:"type,attr"`
	Text      string `xml:",chardata"`
	Out       string `xml:"system-out,omitempty"`
	Err       string `xml:"system-err,omitempty"`
}

func (all *testSuites) add(c testCase) {
	s := all.byName[c.ClassName]
	if s == nil {
		s = &testSuite{Name: c.ClassName, Properties: all.properties}
		all.byName[c.ClassName] = s
		all.Suites = append(all.Suites, s)
	}
	s.Cases = append(s.Cases, c)
	all.Tests++
	s.Tests++
	switch {
	case c.Skipped != nil:
		all.Skipped++
		s.Skipped++
	case c.Bad == nil:
	case c.Bad.XMLName.Local == "error":
		all.Errors++
		s.Errors++
	default:
		all.Failures++
		s.Failures++
	}
}
