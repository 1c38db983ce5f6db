//! The demo runs to its end and reports what it must.

#[expect(dead_code, reason = "each test binary uses a part of it")]
mod support;

use support::{Ran, bare};

#[test]
fn the_demo_plays_both_directories_and_reports_what_became_of_everybody() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("demo");
    let mut command = bare(&["demo", "--exit", "--listen", "127.0.0.1:0", "--data-dir"]);
    let ran = Ran::from(command.arg(&data).current_dir(folder.path()).output().expect("the demo starts"));
    assert_eq!(ran.code, 0, "{}\n{}", ran.output, ran.error);
    assert!(data.join("rollcall.db").exists(), "the data is where it was asked to be");
    println!("{}", ran.output);
}
