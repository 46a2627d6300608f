#[cfg(test)]
mod tests {
    use std::{env, thread, time::Duration};

    #[test]
    fn passes() {}

    #[test]
    fn fails() {
        assert_eq!(1, 2, "one is not two");
    }

    #[test]
    fn passes_the_second_time() {
        assert_ne!(env::var("NEXTEST_ATTEMPT").unwrap(), "1");
    }

    #[test]
    #[should_panic(expected = "as it should")]
    fn panics() {
        panic!("as it should");
    }

    #[test]
    fn is_slow() {
        thread::sleep(Duration::from_secs(1));
    }

    #[test]
    #[ignore]
    fn is_ignored() {
        panic!("nobody asked for ignored tests");
    }
}
