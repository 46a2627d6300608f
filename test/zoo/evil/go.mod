module podtest.dev/zoo/evil

go 1.26.0
