package plan

// policy is what holds for a test.
func (s *State) policy(ordinal uint32) *Policy {
	if int64(ordinal) >= int64(len(s.tests)) {
		return &s.policies[0]
	}
	return &s.policies[s.shelf.buckets[s.tests[ordinal].bucket].policy]
}

// readPolicies takes in what the facts say of classes, groups and policies, as the least that works.
func (s *State) readPolicies(f Facts) {
	classes := f.Classes
	if len(classes) == 0 {
		classes = []string{ClassDefault}
	}
	for _, name := range classes {
		s.queues = append(s.queues, &queue{shelf: &s.shelf, name: name})
	}
	for _, g := range f.Groups {
		g.Max = max(1, g.Max)
		s.groups = append(s.groups, &group{Group: g})
		s.exclusive = s.exclusive || g.Exclusive
	}
	for _, p := range f.Policies {
		p.Weight = max(1, p.Weight)
		p.MaxAttempts = max(1, p.MaxAttempts)
		p.Class = within(p.Class, len(s.queues))
		p.Group = within(p.Group, len(s.groups)+1)
		s.policies = append(s.policies, p)
	}
	if len(s.policies) == 0 {
		s.policies = []Policy{{MaxAttempts: s.set.MaxAttempts, Weight: 1, Alone: s.set.Alone}}
	}
	s.makeLanes()
}

// within is the index if there is such a thing, else the first.
func within(index, n int) int {
	if index < 0 || index >= n {
		return 0
	}
	return index
}

// makeLanes makes a lane for each class, group and weight that there are.
func (s *State) makeLanes() {
	type key struct{ class, group, weight int }
	lanes := map[key]*lane{}
	s.lanes = make([]*lane, len(s.policies))
	s.lines = make([]*line, len(s.policies))
	for i := range s.policies {
		p := &s.policies[i]
		k := key{p.Class, p.Group, p.Weight}
		if lanes[k] == nil {
			q := s.queues[p.Class]
			l := &lane{queue: q, group: p.Group, cost: min(p.Weight, s.set.Slots), share: s.share(p)}
			lanes[k] = l
			q.lanes = append(q.lanes, l)
			if g := s.group(p.Group); g != nil {
				g.lanes = append(g.lanes, l)
			}
		}
		s.lanes[i] = lanes[k]
		s.lines[i] = s.lineFor(p)
	}
}

// bucketOf is the bucket for tests of a binary with a policy.
func (s *State) bucketOf(binary, policy int32, known map[[2]int32]int32) int32 {
	id, ok := known[[2]int32{binary, policy}]
	if !ok {
		id = int32(len(s.shelf.buckets))
		known[[2]int32{binary, policy}] = id
		s.shelf.buckets = append(s.shelf.buckets, bucket{
			binary: binary, policy: policy, lane: s.lanes[policy], priority: int32(s.policies[policy].Priority),
		})
		b := &s.shelf.binaries[binary]
		b.buckets = append(b.buckets, id)
	}
	return id
}
