package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// acts are tests whose id says what they do: "<act>/<argument>/<name>". What returns has passed.
var acts = map[string]func(argument string){
	"sleep": sleep,
	"print": func(n string) { // n lines on each stream, four of them a second
		for i := range number(n) {
			fmt.Println("line", i+1)
			fmt.Fprintln(os.Stderr, "trouble", i+1)
			time.Sleep(250 * time.Millisecond)
		}
	},
	"fail": func(string) { fail("fails, as its name says") },
	"flaky": func(n string) { // fails in its first n attempts
		if number(os.Getenv("NEXTEST_ATTEMPT")) <= number(n) {
			fail("not yet")
		}
	},
	"env": func(want string) { // KEY=value is in the environment
		key, value, _ := strings.Cut(want, "=")
		if got := os.Getenv(key); got != value {
			fail(fmt.Sprintf("%s is %q, want %q", key, got, value))
		}
	},
	"memory": func(want string) { // the limit of the container is so many bytes
		for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
			if got, err := os.ReadFile(file); err == nil {
				if limit := strings.TrimSpace(string(got)); limit != want {
					fail("the memory limit is " + limit)
				}
				return
			}
		}
		fail("no memory limit can be read")
	},
	"dial": func(name string) { // the service accepts connections
		prefix := "PODTEST_SERVICE_" + name
		address := net.JoinHostPort(os.Getenv(prefix+"_HOST"), os.Getenv(prefix+"_PORT"))
		conn, err := net.DialTimeout("tcp", address, 5*time.Second)
		if err != nil {
			fail(err.Error())
		}
		conn.Close()
	},
}

func act(id string) bool {
	parts := strings.SplitN(id, "/", 3)
	do, ok := acts[parts[0]]
	if !ok || len(parts) < 3 {
		return false
	}
	do(parts[1])
	return true
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		fail(err.Error())
	}
	return n
}

func sleep(ms string) { time.Sleep(time.Duration(number(ms)) * time.Millisecond) }

// export is what a setup does: lines KEY=value in the file that $NEXTEST_ENV names.
func export(pairs []string) {
	text := strings.Join(pairs, "\n") + "\n"
	if err := os.WriteFile(os.Getenv("NEXTEST_ENV"), []byte(text), 0o600); err != nil {
		fail(err.Error())
	}
}

// serve accepts connections for ever.
func serve(port string) {
	listener, err := net.Listen("tcp", ":"+port)
	if err != nil {
		fail(err.Error())
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			fail(err.Error())
		}
		conn.Close()
	}
}
