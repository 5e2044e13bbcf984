//! The gRPC services as one person calls them: every call bears the token of the person's session, and says of which page it
//! is a part.

use std::time::Duration;

use proto::{
    intake::v1::{
        campaign_service_client::CampaignServiceClient, contact_service_client::ContactServiceClient,
        export_service_client::ExportServiceClient, mail_page_service_client::MailPageServiceClient,
        mailbox_service_client::MailboxServiceClient, outbox_service_client::OutboxServiceClient,
        privacy_service_client::PrivacyServiceClient, quarantine_service_client::QuarantineServiceClient,
        review_service_client::ReviewServiceClient, session_service_client::SessionServiceClient,
        statistics_service_client::StatisticsServiceClient as IntakeStatisticsClient,
        submission_service_client::SubmissionServiceClient, user_service_client::UserServiceClient,
    },
    procurement::v1::{
        case_service_client::CaseServiceClient, catalogue_service_client::CatalogueServiceClient,
        contract_service_client::ContractServiceClient, evaluation_service_client::EvaluationServiceClient,
        figure_service_client::FigureServiceClient, pilot_service_client::PilotServiceClient,
        policy_service_client::PolicyServiceClient, project_service_client::ProjectServiceClient,
        provider_service_client::ProviderServiceClient, purchaser_service_client::PurchaserServiceClient,
        region_service_client::RegionServiceClient, statistics_service_client::StatisticsServiceClient,
    },
};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};

/// Bytes of an answer that the desk takes: those that the services send at most.
const DECODE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long connecting may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// A channel to the services; connects when it is first used, and again when the line was cut.
///
/// # Errors
/// When the address cannot be read.
pub fn channel(services: &tls::Remote) -> Result<Channel, tls::Error> {
    services.channel(|endpoint| endpoint.connect_timeout(CONNECT_WITHIN).tcp_nodelay(true))
}

/// Puts the token on each call, and where the page stands in a trace.
#[derive(Clone, Debug)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        if let Some(page) = trace::current()
            && let Ok(value) = page.to_string().parse()
        {
            request.metadata_mut().insert("traceparent", value);
        }
        Ok(request)
    }
}

/// A channel with a person's token.
pub type Line = InterceptedService<Channel, Bearer>;

/// The services, called by one person, or by nobody yet.
#[derive(Clone, Debug)]
pub struct Api {
    channel: Channel,
    bearer: Bearer,
}

macro_rules! services {
    ($($name:ident: $client:ident),* $(,)?) => {
        $(
            #[doc = concat!("[`", stringify!($client), "`].")]
            #[must_use]
            pub fn $name(&self) -> $client<Line> {
                $client::with_interceptor(self.channel.clone(), self.bearer.clone())
                    .max_decoding_message_size(DECODE_BYTES_MAX)
            }
        )*
    };
}

impl Api {
    /// Without a token: for signing in.
    #[must_use]
    pub fn nobody(channel: Channel) -> Self {
        Self { channel, bearer: Bearer(None) }
    }

    /// With a session's token; none for one that cannot stand in a header, and so is nobody's.
    #[must_use]
    pub fn of(channel: Channel, token: &str) -> Option<Self> {
        let mut value: MetadataValue<Ascii> = format!("Bearer {token}").parse().ok()?;
        value.set_sensitive(true);
        Some(Self { channel, bearer: Bearer(Some(value)) })
    }

    services! {
        campaigns: CampaignServiceClient,
        cases: CaseServiceClient,
        catalogues: CatalogueServiceClient,
        contacts: ContactServiceClient,
        contracts: ContractServiceClient,
        evaluations: EvaluationServiceClient,
        exports: ExportServiceClient,
        figures: FigureServiceClient,
        intake_statistics: IntakeStatisticsClient,
        mail_pages: MailPageServiceClient,
        mailboxes: MailboxServiceClient,
        outbox: OutboxServiceClient,
        pilots: PilotServiceClient,
        policies: PolicyServiceClient,
        privacy: PrivacyServiceClient,
        projects: ProjectServiceClient,
        providers: ProviderServiceClient,
        purchasers: PurchaserServiceClient,
        quarantine: QuarantineServiceClient,
        regions: RegionServiceClient,
        reviews: ReviewServiceClient,
        sessions: SessionServiceClient,
        statistics: StatisticsServiceClient,
        submissions: SubmissionServiceClient,
        users: UserServiceClient,
    }
}
