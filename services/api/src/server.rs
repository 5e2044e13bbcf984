//! Puts the services together and runs them: limits, health, reflection, and an end that comes in time.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use intake::ports::Blobs;
use privacy::Keeps;
use proto::google::longrunning::operations_server::{self, OperationsServer};
use proto::intake::v1::{
    campaign_service_server::{self, CampaignServiceServer},
    contact_service_server::{self, ContactServiceServer},
    export_service_server::{self, ExportServiceServer},
    mail_page_service_server::{self, MailPageServiceServer},
    mailbox_service_server::{self, MailboxServiceServer},
    outbox_service_server::{self, OutboxServiceServer},
    privacy_service_server::{self, PrivacyServiceServer},
    quarantine_service_server::{self, QuarantineServiceServer},
    review_service_server::{self, ReviewServiceServer},
    session_service_server::{self, SessionServiceServer},
    statistics_service_server::{self as intake_statistics_server, StatisticsServiceServer as IntakeStatisticsServer},
    submission_service_server::{self, SubmissionServiceServer},
    user_service_server::{self, UserServiceServer},
};
use proto::procurement::v1::{
    case_service_server::{self, CaseServiceServer},
    catalogue_service_server::{self, CatalogueServiceServer},
    contract_service_server::{self, ContractServiceServer},
    evaluation_service_server::{self, EvaluationServiceServer},
    figure_service_server::{self, FigureServiceServer},
    pilot_service_server::{self, PilotServiceServer},
    policy_service_server::{self, PolicyServiceServer},
    project_service_server::{self, ProjectServiceServer},
    provider_service_server::{self, ProviderServiceServer},
    purchaser_service_server::{self, PurchaserServiceServer},
    region_service_server::{self, RegionServiceServer},
    statistics_service_server::{self, StatisticsServiceServer},
};
use store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{service::Routes, transport::Server};
use tonic_health::{ServingStatus, pb::health_server::HealthServer, server::HealthReporter};

use crate::{
    ApiSettings, Error, Result, accept,
    campaign_service::Campaigns,
    contact_service::Contacts,
    editors::Editors,
    export_service::Exports,
    gate::Gate,
    mail_page_service::MailPages,
    mailbox_service::Mailboxes,
    outbox_service::OutboxDesk,
    page,
    privacy_service::Privacy,
    quarantine_service::Quarantine,
    registers::{
        Registrar, case_service::Cases, catalogue_service::Catalogues, contract_service::Contracts,
        evaluation_service::Evaluations, figure_service::FigureDesk, operations::Operations,
        operations_service::OperationsService, pilot_service::Pilots, policy_service::Policies,
        project_service::Projects, provider_service::Providers, purchaser_service::Purchasers, region_service::Regions,
        statistics_service::Statistics,
    },
    review_service::Reviews,
    session_service::Sessions,
    statistics_service::IntakeStatistics,
    submission_service::Submissions,
    user_service::Users,
};

/// Bytes of a request.
const DECODE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of a response.
const ENCODE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Calls at work at once on one connection; a further one is refused with RESOURCE_EXHAUSTED.
const CALLS_PER_CONNECTION_MAX: usize = 64;
/// Streams at once on one connection, those that wait included.
const STREAMS_PER_CONNECTION_MAX: u32 = 128;
/// Bytes of a request's headers.
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// A silent peer is asked this often whether it is still there,
const KEEPALIVE_EVERY: Duration = Duration::from_secs(30);
/// and has so long to answer.
const KEEPALIVE_WITHIN: Duration = Duration::from_secs(10);
/// From the signal to stop until every connection is cut.
const DRAIN_WITHIN: Duration = Duration::from_secs(10);
/// From one look at the tables for health to the next.
const HEALTH_EVERY: Duration = Duration::from_secs(5);
/// How long the tables may take to answer that.
const PING_WITHIN: Duration = Duration::from_secs(2);

/// The services of one installation, listening but not yet answering.
pub struct Bound<B> {
    listener: TcpListener,
    address: SocketAddr,
    settings: ApiSettings,
    store: Store,
    blobs: Arc<B>,
}

/// Listens. Refuses an address that other machines reach while nobody is told from others.
pub async fn bind<B: Blobs + Keeps + 'static>(settings: ApiSettings, store: Store, blobs: Arc<B>) -> Result<Bound<B>> {
    let listen = settings.listen;
    if !listen.ip().is_loopback() {
        if settings.callers().is_empty() {
            return Err(Error::Open { listen });
        }
        if settings.tls.is_none() {
            tracing::warn!(%listen, "tokens and manuscripts cross the network in the clear: set api.tls, or a proxy before it");
        }
    }
    let listener = TcpListener::bind(listen).await.map_err(|source| Error::Listen { listen, source })?;
    let address = listener.local_addr().map_err(|source| Error::Listen { listen, source })?;
    Ok(Bound { listener, address, settings, store, blobs })
}

/// Listens and answers until `shutdown` is cancelled, and at most ten seconds longer.
pub async fn serve<B: Blobs + Keeps + 'static>(
    settings: ApiSettings,
    store: Store,
    blobs: Arc<B>,
    shutdown: CancellationToken,
) -> Result<()> {
    bind(settings, store, blobs).await?.serve(shutdown).await
}

impl<B: Blobs + Keeps + 'static> Bound<B> {
    /// The address that it listens on, with the port that the system chose for port 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `shutdown` is cancelled. Then health says NOT_SERVING, watches end with UNAVAILABLE, no connection is
    /// accepted and calls at work are finished; after ten seconds whatever is left is cut.
    pub async fn serve(self, shutdown: CancellationToken) -> Result<()> {
        let Self { listener, settings, store, blobs, .. } = self;
        let (health, health_service) = health(&store).await;
        let cut = CancellationToken::new();
        let _nothing_outlives_this = cut.clone().drop_guard();

        let registrar =
            Registrar::new(store.clone(), page::Tokens::new(settings.page_token_key)).under(settings.rules.clone());
        // Without tables nothing answers anyway, and health tells; the table of regions is read when they are back.
        let _ = registrar.refresh_regions().await;
        tokio::spawn(registrar.clone().follow_regions(shutdown.clone()));
        let callers = settings.callers();
        let routes = routes(&settings, store.clone(), registrar, blobs, shutdown.clone(), health_service)?;
        let stop = {
            let (shutdown, health) = (shutdown.clone(), health.clone());
            async move {
                shutdown.cancelled().await;
                health.set(|| false).await;
            }
        };
        let mut serving = std::pin::pin!(
            Server::builder()
                .concurrency_limit_per_connection(CALLS_PER_CONNECTION_MAX)
                .load_shed(true)
                .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
                .http2_max_header_list_size(HEADER_BYTES_MAX)
                .http2_keepalive_interval(Some(KEEPALIVE_EVERY))
                .http2_keepalive_timeout(Some(KEEPALIVE_WITHIN))
                .max_connection_age(accept::CONNECTION_AGE_MAX)
                .layer(Gate::new(callers, store.clone()))
                .add_routes(routes)
                .serve_with_incoming_shutdown(accept::connections(listener, settings.tls, cut.clone()), stop)
        );
        let drained_too_long = async {
            shutdown.cancelled().await;
            tokio::time::sleep(DRAIN_WITHIN).await;
        };
        let ended = tokio::select! {
            ended = &mut serving => ended,
            never = health.watch(&store, &shutdown) => match never {},
            () = drained_too_long => {
                tracing::warn!("connections are still open after {DRAIN_WITHIN:?}; they are cut");
                cut.cancel();
                serving.await
            }
        };
        ended.map_err(Error::Serve)
    }
}

fn routes<B: Blobs + Keeps + 'static>(
    settings: &ApiSettings,
    store: Store,
    registrar: Registrar,
    blobs: Arc<B>,
    drain: CancellationToken,
    health_service: HealthServer<impl tonic_health::pb::health_server::Health>,
) -> Result<Routes> {
    let tokens = page::Tokens::new(settings.page_token_key);
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    // The older version is the only one that the Python client and grpcurl before 1.8.8 speak.
    let reflection_old = reflection().build_v1alpha().map_err(Error::Reflection)?;
    let reflection = reflection().build_v1().map_err(Error::Reflection)?;
    macro_rules! limited {
        ($server:expr) => {
            $server.max_decoding_message_size(DECODE_BYTES_MAX).max_encoding_message_size(ENCODE_BYTES_MAX)
        };
    }
    let operations = Operations::new(registrar.clone(), drain.clone());
    let editors = Editors::new(store.clone(), &settings.callers());
    let mut routes = Routes::builder();
    routes
        .add_service(limited!(CampaignServiceServer::new(Campaigns::new(store.clone(), tokens.clone()))))
        .add_service(limited!(SubmissionServiceServer::new(Submissions::new(
            store.clone(),
            blobs.clone(),
            tokens.clone(),
            drain.clone()
        ))))
        .add_service(limited!(ContactServiceServer::new(Contacts::new(store.clone(), tokens.clone()))))
        .add_service(limited!(ExportServiceServer::new(Exports::new(store.clone(), blobs.clone()))))
        .add_service(limited!(MailPageServiceServer::new(MailPages::new(store.clone(), blobs.clone(), tokens.clone()))))
        .add_service(limited!(MailboxServiceServer::new(Mailboxes::new(store.clone(), tokens.clone(), drain.clone()))))
        .add_service(limited!(PrivacyServiceServer::new(Privacy::new(store.clone(), blobs.clone(), tokens.clone()))))
        .add_service(limited!(QuarantineServiceServer::new(Quarantine::new(store.clone(), tokens.clone()))))
        .add_service(limited!(OutboxServiceServer::new(OutboxDesk::new(store.clone(), tokens.clone()))))
        .add_service(limited!(ReviewServiceServer::new(Reviews::new(
            store.clone(),
            tokens.clone(),
            editors.clone(),
            drain
        ))))
        .add_service(limited!(SessionServiceServer::new(
            Sessions::new(store.clone()).with_provider(settings.sign_in_provider.clone())
        )))
        .add_service(limited!(IntakeStatisticsServer::new(IntakeStatistics::new(store.clone()))))
        .add_service(limited!(UserServiceServer::new(Users::new(store.clone(), tokens.clone(), editors))))
        .add_service(limited!(PurchaserServiceServer::new(Purchasers::new(registrar.clone()))))
        .add_service(limited!(CatalogueServiceServer::new(Catalogues::new(registrar.clone()))))
        .add_service(limited!(RegionServiceServer::new(Regions::new(registrar.clone()))))
        .add_service(limited!(ProviderServiceServer::new(Providers::new(registrar.clone()))))
        .add_service(limited!(ProjectServiceServer::new(Projects::new(registrar.clone()))))
        .add_service(limited!(ContractServiceServer::new(Contracts::new(registrar.clone()))))
        .add_service(limited!(FigureServiceServer::new(FigureDesk::new(registrar.clone(), operations.clone()))))
        .add_service(limited!(StatisticsServiceServer::new(Statistics::new(registrar.clone(), operations.clone()))))
        .add_service(limited!(OperationsServer::new(OperationsService::new(operations, registrar.clone()))))
        .add_service(limited!(PolicyServiceServer::new(Policies::new(registrar.clone()))))
        .add_service(limited!(PilotServiceServer::new(Pilots::new(registrar.clone()))))
        .add_service(limited!(EvaluationServiceServer::new(Evaluations::new(registrar.clone()))))
        .add_service(limited!(CaseServiceServer::new(Cases::new(registrar.clone()))))
        .add_service(limited!(health_service))
        .add_service(limited!(reflection))
        .add_service(limited!(reflection_old));
    Ok(routes.routes())
}

/// What health is told of.
#[derive(Clone)]
struct Health {
    reporter: HealthReporter,
    names: Vec<&'static str>,
    /// What was said last. The reporter tells its watchers whatever it is told, the same again too, and while it is held
    /// nobody else speaks.
    said: Arc<tokio::sync::Mutex<Option<bool>>>,
}

async fn health(store: &Store) -> (Health, HealthServer<impl tonic_health::pb::health_server::Health + use<>>) {
    let names = vec![
        // The whole server (gRPC Health Checking Protocol).
        "",
        campaign_service_server::SERVICE_NAME,
        contact_service_server::SERVICE_NAME,
        export_service_server::SERVICE_NAME,
        submission_service_server::SERVICE_NAME,
        mail_page_service_server::SERVICE_NAME,
        mailbox_service_server::SERVICE_NAME,
        privacy_service_server::SERVICE_NAME,
        quarantine_service_server::SERVICE_NAME,
        review_service_server::SERVICE_NAME,
        outbox_service_server::SERVICE_NAME,
        session_service_server::SERVICE_NAME,
        intake_statistics_server::SERVICE_NAME,
        user_service_server::SERVICE_NAME,
        purchaser_service_server::SERVICE_NAME,
        catalogue_service_server::SERVICE_NAME,
        region_service_server::SERVICE_NAME,
        provider_service_server::SERVICE_NAME,
        project_service_server::SERVICE_NAME,
        contract_service_server::SERVICE_NAME,
        figure_service_server::SERVICE_NAME,
        statistics_service_server::SERVICE_NAME,
        operations_server::SERVICE_NAME,
        policy_service_server::SERVICE_NAME,
        pilot_service_server::SERVICE_NAME,
        evaluation_service_server::SERVICE_NAME,
        case_service_server::SERVICE_NAME,
    ];
    let (reporter, service) = tonic_health::server::health_reporter();
    let health = Health { reporter, names, said: Arc::default() };
    let serving = ping(store).await;
    health.set(|| serving).await;
    (health, service)
}

impl Health {
    /// Tells what `serving` gives once nobody else is telling.
    async fn set(&self, serving: impl FnOnce() -> bool) {
        let mut said = self.said.lock().await;
        let serving = serving();
        if said.replace(serving) == Some(serving) {
            return;
        }
        let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        for name in &self.names {
            self.reporter.set_service_status(name, status).await;
        }
    }

    /// Follows the tables until `shutdown`; never returns.
    async fn watch(&self, store: &Store, shutdown: &CancellationToken) -> Infallible {
        while !shutdown.is_cancelled() {
            let serving = ping(store).await;
            // Never SERVING again once the end has begun.
            self.set(|| serving && !shutdown.is_cancelled()).await;
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(HEALTH_EVERY) => {}
            }
        }
        self.set(|| false).await;
        std::future::pending().await
    }
}

async fn ping(store: &Store) -> bool {
    match tokio::time::timeout(PING_WITHIN, store.ping()).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database does not answer");
            false
        }
        Err(_) => {
            tracing::warn!("the database does not answer in {PING_WITHIN:?}");
            false
        }
    }
}
