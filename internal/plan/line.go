package plan

// line is the tests that wait for workers of their own and have one priority and one group: first come, first served.
type line struct {
	priority, group, share int
	tests                  list
}

func (s *State) lineFor(p *Policy) *line {
	for _, l := range s.solo {
		if l.priority == p.Priority && l.group == p.Group && l.share == s.share(p) {
			return l
		}
	}
	l := &line{priority: p.Priority, group: p.Group, share: s.share(p)}
	s.solo = append(s.solo, l)
	return l
}

func (s *State) lineOf(ordinal uint32) *line {
	return s.lines[s.shelf.buckets[s.tests[ordinal].bucket].policy]
}

// nextAlone is the line whose first test gets a worker of its own next.
func (s *State) nextAlone() *line {
	var best *line
	for _, l := range s.solo {
		if l.tests.n == 0 || best != nil && (l.priority < best.priority ||
			l.priority == best.priority && l.tests.first > best.tests.first) {
			continue
		}
		if s.admits(entry{group: l.group, share: l.share, priority: int32(l.priority)}) {
			best = l
		}
	}
	return best
}

// waitAlone is how many tests wait for workers of their own that they could use now.
func (s *State) waitAlone() int {
	n := 0
	for _, l := range s.solo {
		if l.tests.n > 0 && s.admits(entry{group: l.group, share: l.share, priority: int32(l.priority)}) {
			n += s.fitting(l.group, l.share, l.tests.n)
		}
	}
	return n
}
