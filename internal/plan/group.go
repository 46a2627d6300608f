package plan

// group is a group of tests, and what is held of it.
type group struct {
	Group
	load    int // sum of the weights of the held members, each at most Max
	held    int // members held
	numbers numbers
	lanes   []*lane

	// claim is for whom the next room is kept, after it was passed over too often: a lane, or a test that its worker has
	// waiting for it.
	claim  *lane
	kept   uint32 // ordinal + 1
	keeper int32  // its worker
}

func (s *State) group(id int) *group {
	if id == 0 {
		return nil
	}
	return s.groups[id-1]
}

// share is what a test takes of its group: a weight above Max is taken for Max.
func (s *State) share(p *Policy) int {
	if g := s.group(p.Group); g != nil {
		return min(p.Weight, g.Max)
	}
	return 0
}

// entry is a test that wants to be held.
type entry struct {
	group, share int
	priority     int32
	lane         *lane  // that it waits in, if it does
	test         uint32 // its ordinal + 1, if it is kept for a worker
}

func (l *lane) entry() entry {
	return entry{group: l.group, share: l.share, priority: l.priority(), lane: l}
}

// admits reports whether such a test may be held now, as far as groups go.
func (s *State) admits(e entry) bool {
	if s.exclusive && !s.mayEnter(e) {
		return false
	}
	g := s.group(e.group)
	if g == nil {
		return true
	}
	s.checkClaim(g)
	if (g.claim != nil || g.kept != 0) && (g.claim != e.lane || g.kept != e.test) {
		return false
	}
	return g.load+e.share <= g.Max
}

// checkClaim drops a claim of what does not wait any more.
func (s *State) checkClaim(g *group) {
	if g.claim != nil && g.claim.n == 0 {
		g.claim = nil
	}
	if g.kept != 0 {
		if t := &s.tests[g.kept-1]; t.place != own || t.holder != g.keeper {
			g.kept = 0
		}
	}
}

// side is the exclusive group, or 0 for all tests that are in none.
func (s *State) side(id int) int {
	if g := s.group(id); g != nil && g.Exclusive {
		return id
	}
	return 0
}

// mayEnter keeps exclusive groups and all else apart. While one side is held the others wait; they get their turn when
// it has nothing that could be held, or as soon as they have something of a higher priority.
func (s *State) mayEnter(e entry) bool {
	if s.holding == 0 {
		return true
	}
	side := s.side(e.group)
	for i, g := range s.groups {
		if g.Exclusive && g.held > 0 && i+1 != side {
			return false
		}
	}
	if side != 0 && s.groups[side-1].held < s.holding {
		return false
	}
	return !s.outranked(e, side)
}

// outranked reports whether another side has something of a higher priority.
func (s *State) outranked(e entry, side int) bool {
	for _, q := range s.queues {
		for _, l := range q.lanes {
			if l.n > 0 && l.priority() > e.priority && s.side(l.group) != side {
				return true
			}
		}
	}
	return false
}

// fitting is how many of n such tests the group has room for.
func (s *State) fitting(id, share, n int) int {
	if g := s.group(id); g != nil {
		return min(n, (g.Max-g.load)/share)
	}
	return n
}

// enter and exit keep what is held of groups.
func (s *State) enter(ordinal uint32) {
	s.holding++
	p := s.policy(ordinal)
	if g := s.group(p.Group); g != nil {
		g.load += s.share(p)
		g.held++
		if g.kept == ordinal+1 {
			g.kept = 0
		}
	}
}

func (s *State) exit(ordinal uint32) {
	s.holding--
	p := s.policy(ordinal)
	if g := s.group(p.Group); g != nil {
		g.load -= s.share(p)
		g.held--
		s.rouse = true
	}
	s.rouse = s.rouse || s.exclusive
}

// patience is how many may leave before a test that waits for room for its weight.
func patience(room int) int { return 2*room + 8 }

// passOver notes that a test is given before others of its group that had no room, and keeps the next for the one that
// has seen it too often.
func (s *State) passOver(p *Policy, given *lane) {
	g := s.group(p.Group)
	if g == nil {
		return
	}
	if given != nil {
		given.overlooked = 0
		if g.claim == given {
			g.claim = nil
		}
	}
	for _, l := range g.lanes {
		if l == given || l.n == 0 || g.load+l.share <= g.Max || l.priority() < int32(p.Priority) {
			continue
		}
		l.overlooked++
		if l.overlooked > patience(g.Max) && g.claim == nil && g.kept == 0 {
			g.claim = l
		}
	}
}
