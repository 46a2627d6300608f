package plan

// policy is what holds for a test; the rounds of a stress run are alike.
func (s *State) policy(ordinal uint32) *Policy {
	if int64(ordinal) >= int64(len(s.tests)) {
		return &s.policies[0]
	}
	return &s.policies[s.tests[ordinal].policy]
}

// readPolicies takes in what the facts say of policies, groups and classes, as the least that works.
func (s *State) readPolicies(f Facts) {
	s.policies, s.groups, s.classNames = nil, nil, f.Classes
	if len(f.Classes) == 0 {
		s.classNames = []string{ClassDefault}
	}
	for _, p := range f.Policies {
		p.Weight = max(1, p.Weight)
		p.MaxAttempts = max(1, p.MaxAttempts)
		p.Class = within(p.Class, len(s.classNames))
		p.Group = within(p.Group, len(f.Groups)+1)
		s.policies = append(s.policies, p)
	}
	if len(s.policies) == 0 {
		s.policies = []Policy{{MaxAttempts: s.set.MaxAttempts, Weight: 1, Alone: s.set.Alone}}
	}
}

// within is the index if there is such a thing, else the first.
func within(index, n int) int {
	if index < 0 || index >= n {
		return 0
	}
	return index
}

// group is a group of tests and what its members take now.
type group struct {
	Group
}
