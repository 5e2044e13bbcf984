//! What stands in the YAML of `deploy/`, as far as it can be read without an engine or a cluster.

use std::fs;

use serde_json::Value;
use tests::engine;

fn read(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(engine::source().join("deploy").join(file))
        .unwrap_or_else(|error| panic!("{file}: {error}"));
    serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Every object of `deploy/kubernetes`, as the kustomization lists the files.
fn objects() -> Vec<Value> {
    let kustomization = read("kubernetes/kustomization.yaml").remove(0);
    let files = kustomization["resources"].as_array().expect("a list").clone();
    let mut there: Vec<String> = fs::read_dir(engine::source().join("deploy/kubernetes"))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".yaml") && name != "kustomization.yaml")
        .collect();
    there.sort();
    let mut named: Vec<String> = files.iter().map(|file| file.as_str().expect("a name").to_owned()).collect();
    named.sort();
    assert_eq!(named, there, "kustomization.yaml names every file");
    named.iter().flat_map(|file| read(&format!("kubernetes/{file}"))).collect()
}

fn found<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let object = objects.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    object.unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

#[test]
fn no_container_of_a_compose_file_has_privileges_or_a_port_beyond_this_machine() {
    let mut services = 0;
    for file in ["compose.yaml", "compose.scale.yaml", "compose.try.yaml"] {
        let compose = read(file).remove(0);
        for (name, service) in compose["services"].as_object().expect("services") {
            // What lies over a service of another file.
            if service["image"].is_null() {
                continue;
            }
            services += 1;
            assert_eq!(service["read_only"], true, "{file}: {name}");
            assert_eq!(service["cap_drop"], serde_json::json!(["ALL"]), "{file}: {name}");
            assert_eq!(service["security_opt"], serde_json::json!(["no-new-privileges:true"]), "{file}: {name}");
            assert!(service["privileged"].is_null() && service["network_mode"].is_null(), "{file}: {name}");
            assert!(!service["logging"]["options"]["max-size"].is_null(), "{file}: {name} logs without end");
            for port in service["ports"].as_array().into_iter().flatten() {
                let port = port.as_str().expect("in quotes");
                assert!(port.starts_with("127.0.0.1:") || port.starts_with("${CAIBIAN_ADDRESS:-127.0.0.1}:"), "{port}");
            }
        }
    }
    assert_eq!(services, 2 + 9 + 3);
}

#[test]
fn each_role_on_kubernetes_is_asked_how_it_is_kept_small_and_bounded_and_told_who_may_talk_to_it() {
    let objects = objects();
    let kustomization = read("kubernetes/kustomization.yaml").remove(0);
    assert_eq!(kustomization["images"][0]["newTag"], env!("CARGO_PKG_VERSION"));
    for role in ["api", "worker", "desk", "migrate"] {
        let kind = if role == "migrate" { "Job" } else { "Deployment" };
        let pod = &found(&objects, kind, role)["spec"]["template"];
        assert_eq!(pod["metadata"]["labels"]["role"], role);
        let spec = &pod["spec"];
        assert_eq!(spec["automountServiceAccountToken"], false, "{role}");
        for (key, wanted) in [("runAsNonRoot", true.into()), ("runAsUser", 65532.into()), ("fsGroup", 65532.into())] {
            let wanted: Value = wanted;
            assert_eq!(spec["securityContext"][key], wanted, "{role}: {key}");
        }
        assert_eq!(spec["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{role}");
        let container = &spec["containers"][0];
        assert_eq!((&container["image"], &container["args"]), (&"caibian".into(), &serde_json::json!([role])));
        let context = &container["securityContext"];
        assert_eq!(context["allowPrivilegeEscalation"], false, "{role}");
        assert_eq!(context["readOnlyRootFilesystem"], true, "{role}");
        assert_eq!(context["capabilities"]["drop"], serde_json::json!(["ALL"]), "{role}");
        assert!(!container["resources"]["limits"]["memory"].is_null(), "{role} has no bound");
        // Secrets are files, by reference; no variable holds one.
        assert!(container["env"].is_null(), "{role}");
        for mount in container["volumeMounts"].as_array().expect("mounts") {
            let volumes = spec["volumes"].as_array().expect("volumes");
            assert!(volumes.iter().any(|volume| volume["name"] == mount["name"]), "{role}: {mount}");
        }
        found(&objects, "NetworkPolicy", role);
        if role == "migrate" {
            continue;
        }
        for (probe, path) in [("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")] {
            assert_eq!(
                container[probe]["httpGet"],
                serde_json::json!({"path": path, "port": "ops"}),
                "{role}: {probe}"
            );
        }
        let ports = container["ports"].as_array().expect("ports");
        assert!(ports.iter().any(|port| port["name"] == "ops" && port["containerPort"] == 9464), "{role}");
        // It drains in ten seconds, after the wait before it.
        assert!(spec["terminationGracePeriodSeconds"].as_u64() > Some(15), "{role}");
        let budget = &found(&objects, "PodDisruptionBudget", role)["spec"];
        assert_eq!((&budget["minAvailable"], &budget["selector"]["matchLabels"]["role"]), (&1.into(), &role.into()));
        let deployment = &found(&objects, "Deployment", role)["spec"];
        assert_eq!(deployment["selector"]["matchLabels"]["role"], role);
        if role == "worker" {
            assert_eq!(deployment["replicas"], 2);
        } else {
            let scaler = &found(&objects, "HorizontalPodAutoscaler", role)["spec"];
            assert_eq!((&scaler["scaleTargetRef"]["name"], &scaler["minReplicas"]), (&role.into(), &2.into()));
        }
    }
    assert_eq!(found(&objects, "NetworkPolicy", "nobody")["spec"]["podSelector"], serde_json::json!({}));
    // The desk knows no database.
    let desk = serde_json::to_string(found(&objects, "Deployment", "desk")).expect("JSON");
    assert!(!desk.contains("secret"), "{desk}");
    let network = found(&objects, "NetworkPolicy", "desk")["spec"]["egress"].to_string();
    assert!(!network.contains("5432"), "{network}");
}
