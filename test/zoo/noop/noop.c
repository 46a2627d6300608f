// Noop is the cheapest test program there is: `noop list N` names N tests, `noop run ID [MS]` passes, at once or after
// so many milliseconds.
// What a benchmark of podtest measures with it is podtest.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
	if (argc >= 3 && argc <= 4 && strcmp(argv[1], "run") == 0) {
		if (argc == 4)
			usleep(1000 * atol(argv[3]));
		return 0;
	}
	if (argc != 3 || strcmp(argv[1], "list") != 0) {
		fputs("usage: noop list N | noop run ID [MS]\n", stderr);
		return 2;
	}
	long n = atol(argv[2]);
	for (long i = 1; i <= n; i++)
		printf("noop/%06ld\n", i);
	return 0;
}
