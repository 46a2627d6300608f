// Shard is what one writes today to run tests on Kubernetes without podtest: in an Indexed Job of n completions, each
// pod runs its hash share of the list, one process after the other.
//
//	shard N PROGRAM   runs `PROGRAM run ID` for this pod's share of what `PROGRAM list N` names
package main

import (
	"bufio"
	"bytes"
	"hash/fnv"
	"log"
	"os"
	"os/exec"
	"strconv"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: shard N PROGRAM; JOB_COMPLETION_INDEX and SHARDS in the environment")
	}
	index, err := strconv.Atoi(os.Getenv("JOB_COMPLETION_INDEX"))
	if err != nil {
		log.Fatal(err)
	}
	shards, err := strconv.Atoi(os.Getenv("SHARDS"))
	if err != nil {
		log.Fatal(err)
	}
	list, err := exec.Command(os.Args[2], "list", os.Args[1]).Output()
	if err != nil {
		log.Fatal(err)
	}
	failed, ran := 0, 0
	for lines := bufio.NewScanner(bytes.NewReader(list)); lines.Scan(); {
		if hash(lines.Bytes())%uint32(shards) != uint32(index) {
			continue
		}
		ran++
		if exec.Command(os.Args[2], "run", lines.Text()).Run() != nil {
			failed++
		}
	}
	log.Printf("%d tests, %d failed", ran, failed)
	if failed > 0 {
		os.Exit(1)
	}
}

func hash(id []byte) uint32 {
	h := fnv.New32a()
	_, _ = h.Write(id)
	return h.Sum32()
}
