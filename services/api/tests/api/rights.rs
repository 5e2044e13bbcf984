//! Rights as callers meet them: every method by every role.

use api::{TokenSetting, rights};
use intake::review::Role;
use stdx::Sha256;
use tonic::Code;

use crate::{
    server::{call, methods},
    world::World,
};

#[tokio::test]
async fn every_method_is_open_to_exactly_the_roles_of_its_line() {
    let world = World::new().await;
    let persons = [Role::Viewer, Role::Editor, Role::ChiefEditor, Role::Administrator];
    let token =
        |role: Role| TokenSetting { name: role.as_str().into(), sha256: Sha256::of(role.as_str().as_bytes()), role };
    let server = world.serve_with(persons.map(token).to_vec()).await;
    let channel = server.channel().await;
    for path in methods() {
        let right = rights::of(&path).unwrap_or_else(|| panic!("{path} has no line in services/api/src/rights.rs"));
        let without = call(&channel, &path, None).await.err();
        let is_refused = without.as_ref().is_some_and(|status| status.code() == Code::Unauthenticated);
        match right {
            // Everybody may know where people sign in.
            rights::Right::Open if path.ends_with("/ListSignInProviders") => assert!(without.is_none(), "{without:?}"),
            // These say by themselves that they were given nothing to go by.
            rights::Right::Open => assert!(without.is_some(), "{path}"),
            rights::Right::Least(_) => assert!(is_refused, "{path} without a token: {without:?}"),
        }
        for role in persons {
            let authorization = format!("Bearer {}", role.as_str());
            let answer = call(&channel, &path, Some(&authorization)).await.err();
            let denied = answer.as_ref().is_some_and(|status| status.code() == Code::PermissionDenied);
            let expected = matches!(right, rights::Right::Least(least) if role < least);
            assert_eq!(denied, expected, "{path} by {role}: {answer:?}");
        }
    }
    let unknown = call(&channel, "/caibian.intake.v1.SubmissionService/Unheard", Some("Bearer administrator")).await;
    assert_eq!(unknown.unwrap_err().code(), Code::PermissionDenied);
}
