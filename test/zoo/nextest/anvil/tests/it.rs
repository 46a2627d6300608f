use std::{env, fs, process::Command};

fn var(name: &str) -> String {
    env::var(name).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn runs_the_tool() {
    for name in ["CARGO_BIN_EXE_my-tool", "NEXTEST_BIN_EXE_my-tool", "NEXTEST_BIN_EXE_my_tool"] {
        let out = Command::new(var(name)).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&out.stdout), "the tool ran\n", "{name}");
    }
}

#[test]
fn reads_a_file_of_its_package() {
    assert_eq!(fs::read_to_string("data/greeting.txt").unwrap(), "in the package's folder\n");
}

#[test]
fn knows_its_package() {
    let here = env::current_dir().unwrap().canonicalize().unwrap();
    assert_eq!(fs::canonicalize(var("CARGO_MANIFEST_DIR")).unwrap(), here);
    assert_eq!(fs::canonicalize(var("NEXTEST_WORKSPACE_ROOT")).unwrap(), here.parent().unwrap());
    assert_eq!(var("CARGO_PKG_NAME"), "anvil");
    assert_eq!(var("CARGO_PKG_VERSION"), "1.2.3-rc.1");
    assert_eq!(var("CARGO_PKG_VERSION_PRE"), "rc.1");
    assert_eq!(var("CARGO_PKG_AUTHORS"), "Ada:Bob");
    assert_eq!(var("NEXTEST_LD_LIBRARY_PATH"), var("LD_LIBRARY_PATH"));
    assert!(var("LD_LIBRARY_PATH").contains("debug/deps"));
}

#[test]
fn knows_itself() {
    assert_eq!(var("NEXTEST"), "1");
    assert_eq!(var("NEXTEST_BINARY_ID"), "anvil::it");
    assert_eq!(var("NEXTEST_TEST_NAME"), "knows_itself");
    assert_eq!(var("NEXTEST_EXECUTION_MODE"), "process-per-test");
    assert_eq!(var("NEXTEST_TOTAL_ATTEMPTS"), "2");
}

#[test]
fn dies() {
    std::process::abort();
}

#[test]
#[ignore]
fn is_ignored() {}
