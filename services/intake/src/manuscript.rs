//! What in a letter is a manuscript (稿件): text documents, videos, files that cannot be read or lie with the provider.

use crate::{
    campaign::Campaign,
    contact,
    letter::{CloudFile, Content, Disposition, Document, DocumentFormat, Letter, Part, Video},
    wording,
};

/// Extensions of videos.
const VIDEO_EXTENSIONS: [&str; 20] = [
    "mp4", "m4v", "mov", "qt", "avi", "wmv", "flv", "f4v", "mkv", "webm", "mpg", "mpeg", "vob", "rm", "rmvb", "3gp",
    "ts", "m2ts", "mts", "asf",
];

/// Extensions of documents.
const DOCUMENT_EXTENSIONS: [&str; 10] = ["doc", "docx", "wps", "pdf", "txt", "rtf", "odt", "htm", "html", "ofd"];

/// Extensions of archives.
const ARCHIVE_EXTENSIONS: [&str; 7] = ["zip", "rar", "7z", "tar", "gz", "tgz", "bz2"];

/// Documents of these names go with a manuscript and are none.
const SIDE_DOCUMENTS: [&str; 12] = [
    "简介",
    "简历",
    "作者信息",
    "投稿人信息",
    "个人信息",
    "联系方式",
    "联系人",
    "承诺书",
    "授权书",
    "登记表",
    "报名表",
    "推荐表",
];

/// A video, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clip<'a> {
    /// Attached and read.
    Read(&'a Part, &'a Video),
    /// Attached, but its boxes could not be read; with the reason.
    Unread(&'a Part, &'a str),
    /// Left with the mail provider.
    Cloud(&'a CloudFile),
}

impl Clip<'_> {
    /// Its name on the mail.
    pub(crate) fn name(&self) -> String {
        wording::quoted(match self {
            Self::Read(part, _) | Self::Unread(part, _) => &part.name,
            Self::Cloud(file) => &file.name,
        })
    }

    /// Where it is.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Read(part, _) | Self::Unread(part, _) => contact::place(part),
            Self::Cloud(file) => format!("cloud file “{}”", wording::quoted(&file.name)),
        }
    }

    /// Whether it has sound and no picture: then the rules on size, resolution and format say nothing of it.
    pub(crate) fn is_audio(&self) -> bool {
        matches!(self, Self::Read(_, video) if video.coded_width == 0 && video.video_codec.is_none())
    }

    /// The container that the name or the media type claims.
    pub(crate) fn container_claimed(&self) -> Option<String> {
        let name = match self {
            Self::Read(part, _) | Self::Unread(part, _) => &part.name,
            Self::Cloud(file) => &file.name,
        };
        let by_name = extension(name).filter(|extension| VIDEO_EXTENSIONS.contains(&extension.as_str()));
        by_name.or_else(|| match self {
            Self::Unread(part, _) => container_of(&part.media_type).map(str::to_owned),
            _ => None,
        })
    }
}

fn container_of(media_type: &str) -> Option<&'static str> {
    Some(match media_type {
        "video/mp4" => "mp4",
        "video/quicktime" => "mov",
        "video/x-msvideo" | "video/avi" | "video/msvideo" => "avi",
        "video/x-ms-wmv" => "wmv",
        "video/x-ms-asf" => "asf",
        "video/x-flv" => "flv",
        "video/x-matroska" => "mkv",
        "video/webm" => "webm",
        "video/mpeg" => "mpg",
        "video/3gpp" => "3gp",
        _ => return None,
    })
}

/// The extension of a file name in lower case.
pub(crate) fn extension(name: &str) -> Option<String> {
    let (_, extension) = name.trim().rsplit_once('.')?;
    let extension = wording::fold(extension.trim());
    (!extension.is_empty() && extension.len() <= 5).then_some(extension)
}

fn has_extension(name: &str, extensions: &[&str]) -> bool {
    extension(name).is_some_and(|extension| extensions.contains(&extension.as_str()))
}

/// Videos and sound, in the order of the mail, those with the provider last.
pub(crate) fn clips(letter: &Letter) -> Vec<Clip<'_>> {
    let attached = letter.parts.iter().filter_map(|part| match &part.content {
        Content::Video(video) => Some(Clip::Read(part, video)),
        Content::Unreadable { what, reason } if what == "video" => Some(Clip::Unread(part, reason)),
        Content::Other if part.media_type.starts_with("video/") || has_extension(&part.name, &VIDEO_EXTENSIONS) => {
            Some(Clip::Unread(part, "not an MP4 or MOV file"))
        }
        _ => None,
    });
    attached.chain(cloud_files(letter).filter(|file| is_cloud_video(file)).map(Clip::Cloud)).collect()
}

/// 字数 from which a text without a file name is more than the footer of a list or provider.
const NAMELESS_CHARACTERS_MIN: u64 = 100;

/// Documents that could be read. A short text without a name is a footer, not a document.
pub(crate) fn documents(letter: &Letter) -> impl Iterator<Item = (&Part, &Document)> {
    let read = letter.parts.iter().filter_map(|part| match &part.content {
        Content::Document(document) => Some((part, document)),
        _ => None,
    });
    read.filter(|(part, document)| {
        document.format == DocumentFormat::Docx
            || !part.name.trim().is_empty()
            || document.characters >= NAMELESS_CHARACTERS_MIN
    })
}

/// Whether a document is a text of its own, not a note that goes with one.
pub(crate) fn is_text(part: &Part, document: &Document) -> bool {
    document.characters > 0 && !is_side(&part.name)
}

/// Whether a document of this name goes with a manuscript and is none.
pub(crate) fn is_side(name: &str) -> bool {
    SIDE_DOCUMENTS.iter().any(|word| name.contains(word))
}

/// Whether a text is the call itself, handed on or quoted without a mark: no manuscript names the campaign's own mailbox
/// and one of its phones.
pub(crate) fn is_call(text: &str, campaign: &Campaign) -> bool {
    let names_phone =
        campaign.contacts.iter().any(|contact| !contact.phone.is_empty() && text.contains(&contact.phone));
    !campaign.mailbox.is_empty() && text.contains(&campaign.mailbox) && names_phone
}

/// Documents that cannot be read: old Word, PDF, encrypted.
pub(crate) fn unread_documents(letter: &Letter) -> impl Iterator<Item = &Part> {
    letter.parts.iter().filter(|part| match &part.content {
        Content::Unreadable { what, .. } => what == "document",
        Content::Other => has_extension(&part.name, &DOCUMENT_EXTENSIONS),
        _ => false,
    })
}

/// Archives, attached mails and Outlook's own form: what is inside is not known.
pub(crate) fn archives(letter: &Letter) -> impl Iterator<Item = &Part> {
    letter.parts.iter().filter(|part| match &part.content {
        Content::Unreadable { what, .. } => what == "archive",
        Content::Other => is_mail(part) || is_outlook(part) || has_extension(&part.name, &ARCHIVE_EXTENSIONS),
        _ => false,
    })
}

/// Whether a part holds attachments in Outlook's own form (winmail.dat, MS-OXTNEF), as it sends them to some addressees.
pub(crate) fn is_outlook(part: &Part) -> bool {
    part.media_type.ends_with("/ms-tnef") || part.name.eq_ignore_ascii_case("winmail.dat")
}

/// Whether a part is a mail that was attached to be handed on.
pub(crate) fn is_mail(part: &Part) -> bool {
    part.media_type == "message/rfc822" || has_extension(&part.name, &["eml", "msg"])
}

/// Files with the provider that belong to this letter.
pub(crate) fn cloud_files(letter: &Letter) -> impl Iterator<Item = &CloudFile> {
    letter.cloud_files.iter().filter(|file| !file.quoted)
}

/// Files with the provider that are documents, or archives or what has no telling name and so may hold some.
pub(crate) fn cloud_documents(letter: &Letter) -> impl Iterator<Item = &CloudFile> {
    cloud_files(letter).filter(|file| is_cloud_text(file) || is_cloud_unknown(file))
}

/// Whether a file with the provider is a document by its name.
pub(crate) fn is_cloud_text(file: &CloudFile) -> bool {
    has_extension(&file.name, &DOCUMENT_EXTENSIONS)
}

/// Whether a file with the provider is a video by its name.
pub(crate) fn is_cloud_video(file: &CloudFile) -> bool {
    has_extension(&file.name, &VIDEO_EXTENSIONS)
}

/// Whether the name of a file with the provider does not tell whether a manuscript is inside: an archive, or a bare link.
pub(crate) fn is_cloud_unknown(file: &CloudFile) -> bool {
    const PICTURES: [&str; 8] = ["jpg", "jpeg", "png", "gif", "bmp", "webp", "heic", "tif"];
    let known: [&[&str]; 3] = [&DOCUMENT_EXTENSIONS, &VIDEO_EXTENSIONS, &PICTURES];
    !known.iter().any(|extensions| has_extension(&file.name, extensions))
}

/// A part as a sentence in Chinese names it: 附件“稿件.doc”.
pub(crate) fn spoken(part: &Part) -> String {
    if part.name.trim().is_empty() {
        "未命名的附件".into()
    } else {
        format!("附件“{}”", wording::quoted(&part.name))
    }
}

/// A file with the provider as a sentence in Chinese names it: 超大附件“稿件.zip”, 网盘链接.
pub(crate) fn spoken_cloud(file: &CloudFile) -> String {
    if file.name.trim().is_empty() {
        "网盘链接".into()
    } else {
        format!("超大附件“{}”", wording::quoted(&file.name))
    }
}

/// A file that cannot be looked into.
#[derive(Clone, Debug)]
pub(crate) struct Closed {
    /// Where it is, as evidence names it.
    pub(crate) place: String,
    /// How a sentence in Chinese names it.
    pub(crate) spoken: String,
    /// Why it cannot be looked into.
    pub(crate) why: String,
}

/// Pictures, but for the small ones inside the body that belong to a signature.
pub(crate) fn pictures(letter: &Letter) -> impl Iterator<Item = &Part> {
    const SIGNATURE_BYTES_MAX: u64 = 8 * 1024;
    letter.parts.iter().filter(|part| {
        part.content == Content::Picture
            && (part.disposition == Disposition::Attachment || part.size_bytes > SIGNATURE_BYTES_MAX)
    })
}

/// Whether anything is attached or linked that may be, or hold, a manuscript; as a sentence in Chinese names it, and its
/// place.
pub(crate) fn attached(letter: &Letter) -> Option<(String, String)> {
    let of_part = |part: &Part| (spoken(part), contact::place(part));
    let clip = clips(letter).first().map(|clip| match clip {
        Clip::Read(part, _) | Clip::Unread(part, _) => of_part(part),
        Clip::Cloud(file) => (spoken_cloud(file), clip.place()),
    });
    clip.or_else(|| documents(letter).find(|(part, document)| is_text(part, document)).map(|(part, _)| of_part(part)))
        .or_else(|| unread_documents(letter).chain(archives(letter)).next().map(of_part))
        .or_else(|| {
            let file = cloud_documents(letter).next()?;
            Some((spoken_cloud(file), format!("cloud file “{}”", wording::quoted(&file.name))))
        })
}

/// The first document that cannot be looked into, wherever it lies, and why: contact data may stand in it.
pub(crate) fn closed(letter: &Letter) -> Option<Closed> {
    let part = unread_documents(letter).chain(archives(letter)).next().map(|part| {
        let reason = match &part.content {
            Content::Unreadable { reason, .. } => reason.clone(),
            _ => part.media_type.clone(),
        };
        Closed { place: contact::place(part), spoken: spoken(part), why: reason }
    });
    part.or_else(|| {
        let file = cloud_documents(letter).next()?;
        let place = format!("cloud file “{}”", wording::quoted(&file.name));
        Some(Closed { place, spoken: spoken_cloud(file), why: file.url.clone() })
    })
}

/// Whether a line is there for courtesy, for contact or by the mail program, and is no part of a manuscript.
pub(crate) fn is_courtesy(line: &str) -> bool {
    const MARKS: [&str; 42] = [
        "您好",
        "你好",
        "老师好",
        "尊敬的",
        "查收",
        "审阅",
        "审核",
        "谢谢",
        "感谢",
        "此致",
        "敬礼",
        "敬上",
        "祝好",
        "编安",
        "编祺",
        "附件",
        "投稿",
        "来稿",
        "征稿",
        "联系人",
        "联系方式",
        "联系电话",
        "电话",
        "手机",
        "邮箱",
        "姓名",
        "单位",
        "作者",
        "超大附件",
        "到期",
        "无限期",
        "下载",
        "发自我的",
        "发送自",
        "从网易",
        "网盘",
        "提取码",
        "http",
        "www.",
        "@",
        "保密",
        "机密",
    ];
    let line = wording::fold(line.trim());
    let length = line.chars().count();
    length == 0 || (length <= 60 && MARKS.iter().any(|mark| line.contains(mark)))
}
