//! A client in another language, generated from the protos, and one that knows nothing but reflection.

use std::{collections::BTreeSet, path::Path};

use serde_json::Value;
use tests::{Backend, Registers, process};

#[tokio::test]
async fn a_python_client_reads_a_project_a_page_and_a_roll_up() {
    let registers = Registers::start(Backend::Sqlite, &[2015]);
    let address = std::fs::read_to_string(registers.settings.data.join("api.address")).expect("it is written");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = "projects/syn-330000-2015-000001";
    let output = process::bound_to_the_test(process::installed("python"))
        .arg(root.join("python/client.py"))
        .args(["--address", address.trim(), "--project", project, "--year", "2015", "--protos"])
        .arg(root.parent().expect("tests lie beside proto").join("proto"))
        .output()
        .expect("python starts");
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {complained}", output.status);
    let said: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");

    let told: BTreeSet<&str> = said["services"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    for service in proto::POOL.services().filter(|service| service.full_name().starts_with("caibian.")) {
        assert!(told.contains(service.full_name()), "{} is not told of: {told:?}", service.full_name());
    }
    let (generated, reflected) = (&said["generated"], &said["reflected"]);
    // A page token is sealed anew each time.
    let without_tokens = |answer: &Value| {
        let mut answer = answer.clone();
        for page in ["page", "next"] {
            let token = answer[page]["nextPageToken"].take();
            assert!(token.as_str().is_some_and(|token| !token.is_empty()), "9,699 projects have another page");
        }
        answer
    };
    assert_eq!(without_tokens(generated), without_tokens(reflected));

    let found = &generated["project"];
    assert_eq!(found["name"], project);
    assert_eq!(found["projectNo"], "SYN-330000-2015-P000001");
    assert_eq!(found["provenance"]["isSynthetic"], true);
    let names = |page: &Value| -> Vec<String> {
        let projects = page["projects"].as_array().expect("projects");
        projects.iter().map(|project| project["name"].as_str().expect("a name").to_owned()).collect()
    };
    let (first, second) = (names(&generated["page"]), names(&generated["next"]));
    assert_eq!((first.len(), second.len()), (3, 3));
    assert!(first.iter().all(|name| !second.contains(name)), "{first:?} {second:?}");
    assert_eq!(generated["rollup"]["total"]["projectCount"], "9699");
    assert_eq!(generated["rollup"]["total"]["settlementFen"], "840000000000");

    // And it is what every other client is told.
    let mut ours = registers.asker().ask("ProjectService/GetProject", &serde_json::json!({ "name": project })).await;
    let mut theirs = found.clone();
    for answer in [&mut ours, &mut theirs] {
        // The JSON mapping leaves open how many places a second has.
        answer["createTime"].take();
        answer["updateTime"].take();
    }
    assert_eq!(ours, theirs);
}
