//! Traces, told to a collector by the batch (OTLP over gRPC). A collector that is away or slow costs spans and nothing else:
//! what does not fit into the queue is lost, and nobody who works waits.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use opentelemetry::{
    Context, KeyValue,
    trace::{Link, SpanKind, TraceContextExt, TraceId, TraceState, TracerProvider},
};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, Sampler, SamplingDecision, SamplingResult, SdkTracerProvider,
        ShouldSample, SpanData,
    },
};
use tonic::metadata::MetadataMap;
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use crate::{Failure, settings::TracesSettings};

/// Spans that wait for the collector at most; further ones are lost.
const QUEUE_SPANS_MAX: usize = 2_048;
/// Spans of one request.
const BATCH_SPANS_MAX: usize = 512;
/// From one request to the next, unless a batch is full.
const SENT_EVERY: Duration = Duration::from_secs(1);
/// How long connecting may take, and then the answer.
const COLLECTED_WITHIN: Duration = Duration::from_secs(5);

/// What tells a collector.
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// None when the settings name no collector. Within a runtime; connects when there is something to tell.
    ///
    /// # Errors
    /// Names the setting that cannot be used.
    pub fn new(settings: &TracesSettings, role: &'static str) -> Result<Option<Self>, Failure> {
        if !settings.is_set() {
            return Ok(None);
        }
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE_SPANS_MAX)
            .with_max_export_batch_size(BATCH_SPANS_MAX)
            .with_scheduled_delay(SENT_EVERY)
            .build();
        let told = Told { exporter: exporter(settings)?, is_away: AtomicBool::new(false) };
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(told).with_batch_config(batches).build())
            .with_sampler(ByTrace(Sampler::TraceIdRatioBased(settings.sample_ratio)))
            .with_resource(resource(role))
            .build();
        Ok(Some(Self { provider }))
    }

    /// What takes spans up. Those of `trace` alone: what a library would tell of its work, nobody here has read. Log lines are
    /// not in there either; they bear the ids of the span.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let is_ours = filter_fn(|metadata| metadata.is_span() && metadata.target() == trace::TARGET);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("caibian"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_filter(is_ours.with_max_level_hint(LevelFilter::INFO))
    }

    /// Tells what is not told yet, and waits for it at most so long.
    pub async fn end(self, within: Duration) {
        let ended = tokio::task::spawn_blocking(move || self.provider.shutdown_with_timeout(within)).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::warn!("the last spans did not reach the collector of traces");
        }
    }
}

/// Whether the collector takes what is told: asked with nothing to tell.
///
/// # Errors
/// Why it does not.
pub async fn check(settings: &TracesSettings) -> Result<(), Failure> {
    use opentelemetry_sdk::trace::SpanExporter;
    Ok(exporter(settings)?.export(Vec::new()).await?)
}

/// The line to the collector.
fn exporter(settings: &TracesSettings) -> Result<SpanExporter, Failure> {
    let wrong = |error: &dyn std::fmt::Display| format!("setting traces.endpoint: {error}");
    let authorities = &settings.authorities_file;
    let authorities = if authorities.as_os_str().is_empty() { None } else { Some(authorities.clone()) };
    let files = tls::Files { pair: None, authorities };
    let collector = tls::Remote::new(&settings.endpoint, files).map_err(|error| wrong(&error))?;
    let channel = collector
        .channel(|endpoint| endpoint.connect_timeout(COLLECTED_WITHIN).timeout(COLLECTED_WITHIN))
        .map_err(|error| wrong(&error))?;
    let mut headers = MetadataMap::new();
    for (name, value) in settings.read_headers()? {
        headers.insert(name, value);
    }
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_channel(channel)
        .with_metadata(headers)
        .with_timeout(COLLECTED_WITHIN)
        .build();
    Ok(exporter.map_err(|error| wrong(&error))?)
}

/// Who tells.
fn resource(role: &'static str) -> Resource {
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", "caibian"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            // One a process: two of a role are told apart, and a restart is seen.
            KeyValue::new("service.instance.id", uuid::Uuid::now_v7().to_string()),
            KeyValue::new("caibian.role", role),
        ])
        .build()
}

/// Keeps a share of the traces, and each of them whole: the trace's id decides, so that all processes decide alike. What a
/// caller or an earlier step did not keep is not kept here either; that it was kept there compels nobody, or callers could
/// have us tell everything whatever the settings say.
#[derive(Clone, Debug)]
struct ByTrace(Sampler);

impl ShouldSample for ByTrace {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        span_kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let parent = parent_context.map(|context| context.span().span_context().clone());
        let decision = match parent.filter(|parent| parent.is_valid()) {
            Some(parent) if !parent.is_sampled() => SamplingDecision::Drop,
            Some(parent) if !parent.is_remote() => SamplingDecision::RecordAndSample,
            _ => self.0.should_sample(None, trace_id, name, span_kind, attributes, links).decision,
        };
        SamplingResult { decision, attributes: Vec::new(), trace_state: TraceState::default() }
    }
}

/// Says once that the collector takes nothing, and once that it does again.
#[derive(Debug)]
struct Told<E> {
    exporter: E,
    is_away: AtomicBool,
}

impl<E: opentelemetry_sdk::trace::SpanExporter> opentelemetry_sdk::trace::SpanExporter for Told<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let taken = self.exporter.export(batch).await;
        match (&taken, self.is_away.swap(taken.is_err(), Ordering::Relaxed)) {
            (Err(error), false) => {
                tracing::warn!(%error, "the collector of traces takes nothing: spans are lost until it does");
            }
            (Ok(()), true) => tracing::info!("the collector of traces takes spans again"),
            _ => {}
        }
        taken
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags};

    use super::*;

    #[test]
    fn every_span_is_documented() {
        let table = trace::markdown();
        assert!(include_str!("../../../docs/traces.md").ends_with(&table), "put this into docs/traces.md:\n{table}");
    }

    fn is_kept(ratio: f64, parent: Option<(bool, bool)>, trace_id: u128) -> bool {
        let trace_id = TraceId::from(trace_id);
        let context = parent.map(|(is_sampled, is_remote)| {
            let flags = if is_sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
            let at = SpanContext::new(trace_id, SpanId::from(7_u64), flags, is_remote, TraceState::default());
            Context::new().with_remote_span_context(at)
        });
        let sampler = ByTrace(Sampler::TraceIdRatioBased(ratio));
        let result = sampler.should_sample(context.as_ref(), trace_id, "", &SpanKind::Server, &[], &[]);
        result.decision == SamplingDecision::RecordAndSample
    }

    #[test]
    fn the_trace_decides_and_no_caller_can_have_more_told_than_the_settings_say() {
        let ids = || (1..=1_000_u128).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        let kept = |parent| ids().filter(|id| is_kept(0.2, parent, *id)).collect::<Vec<_>>();
        let of_ours = kept(None);
        assert!((100..300).contains(&of_ours.len()), "{}", of_ours.len());
        // The caller kept it, or did not.
        assert_eq!(kept(Some((true, true))), of_ours);
        assert!(kept(Some((false, true))).is_empty());
        // Within a process the first span has decided.
        assert_eq!(kept(Some((true, false))).len(), 1_000);
        assert!(!is_kept(0.0, Some((true, true)), 1) && is_kept(1.0, None, 1));
    }
}
