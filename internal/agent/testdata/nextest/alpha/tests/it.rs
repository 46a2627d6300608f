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
fn reads_beside_its_manifest() {
    let text = fs::read_to_string("data/greeting.txt").unwrap();
    assert_eq!(text, "in the package's folder\n");
}

#[test]
fn knows_its_package() {
    let here = env::current_dir().unwrap().canonicalize().unwrap();
    assert_eq!(fs::canonicalize(var("CARGO_MANIFEST_DIR")).unwrap(), here);
    assert_eq!(fs::canonicalize(var("NEXTEST_WORKSPACE_ROOT")).unwrap(), here.parent().unwrap());
    assert_eq!(var("CARGO_PKG_NAME"), "alpha");
    assert_eq!(var("CARGO_PKG_VERSION"), "1.2.3-rc.1");
    assert_eq!(var("CARGO_PKG_VERSION_PRE"), "rc.1");
    assert_eq!(var("CARGO_PKG_AUTHORS"), "Ada:Bob");
    assert_eq!(var("NEXTEST_LD_LIBRARY_PATH"), var("LD_LIBRARY_PATH"));
    assert!(var("LD_LIBRARY_PATH").contains("debug/deps"));
}
