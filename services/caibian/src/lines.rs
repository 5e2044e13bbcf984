//! How the gRPC service and its callers reach each other, and what protects the lines between them.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use tokio_util::sync::CancellationToken;

use crate::{
    Failure, ops,
    serve::Tasks,
    settings::{CertificateSettings, ClientCertificates, IssuerSettings, Settings},
};

/// What callers are answered with.
pub fn server(settings: &Settings) -> Result<Option<tls::Server>, Failure> {
    let tls = &settings.api.tls;
    if !tls.is_set() {
        return Ok(None);
    }
    let required = tls.client_certificates == ClientCertificates::Required;
    let server = tls::server::server(tls.files(), required).map_err(|error| format!("setting api.tls: {error}"))?;
    Ok(Some(server))
}

/// Who may call with a certificate.
pub fn callers(settings: &Settings) -> Vec<api::CertificateSetting> {
    let certificate = |caller: &CertificateSettings| {
        let san = tls::Name::read(&caller.san)?;
        Some(api::CertificateSetting { name: caller.name.clone(), san, role: caller.role.into() })
    };
    settings.api.certificates.iter().filter_map(certificate).collect()
}

/// Whose signed tokens are believed.
pub fn issuers(settings: &Settings) -> Result<Vec<api::IssuerSetting>, Failure> {
    let issuer = |(index, issuer): (usize, &IssuerSettings)| {
        let place = format!("setting api.issuers[{index}]");
        let root = &issuer.root_certificate_file;
        let authorities = match root.as_os_str().is_empty() {
            true => None,
            false => Some(fs::read_to_string(root).map_err(|error| format!("{place}: {}: {error}", root.display()))?),
        };
        let verifying = identity::Issuer::new(identity::IssuerSettings {
            issuer: issuer.issuer.clone(),
            audience: issuer.audience.clone(),
            keys: issuer.keys(),
            authorities,
        });
        Ok(api::IssuerSetting {
            name: issuer.name.clone(),
            issuer: verifying.map_err(|error| format!("{place}: {error}"))?,
            role_claim: issuer.role_claim.clone(),
            roles: issuer.roles.iter().map(|(word, role)| (word.clone(), (*role).into())).collect(),
        })
    };
    settings.api.issuers.iter().enumerate().map(issuer).collect()
}

/// Where the desk reaches the gRPC service.
pub fn to_services(settings: &Settings, own: Option<SocketAddr>) -> Result<tls::Remote, Failure> {
    let files = settings.desk.api_files();
    let address = match settings.desk.api.as_str() {
        "" if settings.api.tls.is_set() => {
            return Err(
                "setting desk.api: with api.tls name the service as its certificate does, https://NAME:PORT".into()
            );
        }
        "" => format!("http://{}", reached(own.unwrap_or(settings.api.listen))),
        named => named.to_owned(),
    };
    let api = tls::Remote::new(&address, files).map_err(|error| format!("setting desk.api: {error}"))?;
    let host = url::Url::parse(&address).ok().and_then(|url| url.host().map(|host| host.to_owned()));
    let is_near = match host {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if api.is_plain() && !is_near {
        tracing::warn!(address, "people's tokens cross the network to desk.api in the clear: name it by https");
    }
    Ok(api)
}

/// Where this machine reaches a server that listens everywhere.
fn reached(listen: SocketAddr) -> SocketAddr {
    match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, listen.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, listen.port()).into(),
        _ => listen,
    }
}

/// Follows the files of certificates, and lets the metrics tell of their end.
pub fn follow<C: Send + Sync + 'static>(
    kept: &tls::Kept<C>,
    parts: &mut ops::Parts,
    cancel: &CancellationToken,
    tasks: &mut Tasks,
) {
    let (ends, following) = (kept.clone(), kept.clone().follow(cancel.clone()));
    parts.certificates.push(Arc::new(move || ends.ends_at()));
    tasks.spawn(async move {
        following.await;
        Ok(())
    });
}
