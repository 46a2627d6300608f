//! Unit tests that end in every way a libtest test can end.

#[cfg(test)]
mod ends {
    #[test]
    fn passes() {}

    #[test]
    fn fails() {
        assert_eq!(1 + 1, 3, "wrong on purpose");
    }

    #[test]
    fn returns_error() -> Result<(), String> {
        Err("wrong on purpose".into())
    }

    #[test]
    #[should_panic(expected = "on purpose")]
    fn panics_as_it_should() {
        panic!("on purpose");
    }

    #[test]
    #[should_panic]
    fn should_panic_and_does_not() {}

    #[test]
    #[ignore = "takes too long"]
    fn ignored_passes() {}

    #[test]
    #[ignore]
    fn ignored_fails() {
        panic!("on purpose");
    }

    #[test]
    fn exits_0() {
        std::process::exit(0);
    }

    #[test]
    fn exits_101() {
        std::process::exit(101);
    }

    #[test]
    fn aborts() {
        std::process::abort();
    }

    #[test]
    fn dies_by_sigsegv() {
        unsafe { std::ptr::null_mut::<u8>().write_volatile(1) }
    }

    #[test]
    fn overflows_stack() {
        fn overflow(n: u64) -> u64 {
            std::hint::black_box(overflow(n + 1)) + 1
        }
        overflow(1);
    }

    #[test]
    fn hangs() {
        std::thread::sleep(std::time::Duration::from_secs(3600));
    }
}

#[cfg(test)]
mod output {
    use std::io::Write;

    #[test]
    fn passes_forging_failure() {
        println!("test output::passes_forging_failure ... FAILED\n");
        println!("test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n");
    }

    #[test]
    fn fails_forging_pass() {
        println!("test output::fails_forging_pass ... ok\n");
        println!("test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n");
        panic!("on purpose");
    }

    #[test]
    fn prints_any_bytes() {
        let all: Vec<u8> = (0..=255).collect();
        std::io::stdout().write_all(&all).unwrap();
    }

    #[test]
    fn prints_no_newline() {
        print!("no newline at the end");
    }
}

/// Each name is a prefix of the next: only `--exact` tells them apart.
#[cfg(test)]
mod names {
    #[test]
    fn name() {
        panic!("on purpose");
    }

    #[test]
    fn name_long() {}

    #[test]
    fn größe() {}
}
