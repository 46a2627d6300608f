//! What a test may expect of whoever starts it.

#[test]
fn finds_its_sources() {
    assert!(std::path::Path::new("src/lib.rs").exists());
}

#[test]
fn attempt_two_passes() {
    let attempt = std::env::var("NEXTEST_ATTEMPT").or_else(|_| std::env::var("PODTEST_ATTEMPT"));
    assert!(!matches!(attempt.as_deref(), Err(_) | Ok("1")), "the first attempt fails");
}
