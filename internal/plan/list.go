package plan

// list is a doubly linked list of tests. The links are in the tests, so that any test leaves in O(1) and nothing is
// allocated. Ends and links are ordinals + 1: zero is none.
type list struct {
	first, last uint32
	n           int
}

func (l *list) pushBack(tests []test, ordinal uint32) {
	id, t := ordinal+1, &tests[ordinal]
	t.prev, t.next = l.last, 0
	if l.last == 0 {
		l.first = id
	} else {
		tests[l.last-1].next = id
	}
	l.last = id
	l.n++
}

func (l *list) pushFront(tests []test, ordinal uint32) {
	id, t := ordinal+1, &tests[ordinal]
	t.prev, t.next = 0, l.first
	if l.first == 0 {
		l.last = id
	} else {
		tests[l.first-1].prev = id
	}
	l.first = id
	l.n++
}

func (l *list) remove(tests []test, ordinal uint32) {
	t := &tests[ordinal]
	if t.prev == 0 {
		l.first = t.next
	} else {
		tests[t.prev-1].next = t.next
	}
	if t.next == 0 {
		l.last = t.prev
	} else {
		tests[t.next-1].prev = t.prev
	}
	t.prev, t.next = 0, 0
	l.n--
}

// ordinals are those of the list, from first to last.
func (l *list) ordinals(tests []test) []uint32 {
	all := make([]uint32, 0, l.n)
	for id := l.first; id != 0; id = tests[id-1].next {
		all = append(all, id-1)
	}
	return all
}
