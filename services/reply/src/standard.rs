//! The words that ship: one template a letter and language, which a campaign may write anew.

use crate::{
    Kind, Language,
    template::{Fault, Template, Written},
};

/// The words that ship.
#[must_use]
pub fn written(kind: Kind, language: Language) -> Written {
    let (subject, body) = match (kind, language) {
        (Kind::Acknowledgement, Language::Zh) => (
            "来稿收悉（收稿号 {{收稿号}}）：{{标题}}",
            "{{称呼}}：\n\n您好！您的来稿“{{标题}}”已于北京时间 {{收到时间}} 收到，收稿号为 {{收稿号}}，请在今后的来信中注明。\n\n\
             以下情况请您知悉：\n{{须补充}}\n\n以下几项由编辑人工核对，暂不需要您处理：\n{{待核}}\n\n以下是建议，不影响登记：\n{{建议}}\n\n\
             稿件将由编辑审阅，结果另行通知。感谢您对“{{征稿主题}}”征稿的支持！\n\n联系人：\n{{联系人}}\n\n此信由系统自动发出。",
        ),
        (Kind::Acknowledgement, Language::En) => (
            "Received (number {{number}}): {{title}}",
            "Dear {{name}},\n\nYour submission “{{title}}” was received at {{received_at}}. Its number is {{number}}: please quote it in \
             further mails.\n\nPlease note:\n{{findings}}\n\nAn editor will look at the following; you need not do anything:\n{{unmeasured}}\n\n\
             The following is advice and changes nothing:\n{{advice}}\n\nThe editors will read it and write to you again. Thank you for \
             answering the call “{{theme}}”.\n\nContacts:\n{{contacts}}\n\nThis letter was sent automatically.",
        ),
        (Kind::Findings, Language::Zh) => (
            "来稿待补充（收稿号 {{收稿号}}）：{{标题}}",
            "{{称呼}}：\n\n您好！您的来稿“{{标题}}”已于北京时间 {{收到时间}} 收到，收稿号为 {{收稿号}}。经核对，以下内容还须补充或修改：\n{{须补充}}\n\n\
             请直接回复此信，一次补齐以上内容；已经发来的内容不必重发。\n\n请于 {{截止日}}（含当日，北京时间）前发出，以邮箱收到时间为准。\n\n\
             以下几项由编辑人工核对，暂不需要您处理：\n{{待核}}\n\n以下是建议，不影响登记：\n{{建议}}\n\n联系人：\n{{联系人}}\n\n此信由系统自动发出。",
        ),
        (Kind::Findings, Language::En) => (
            "Something is missing (number {{number}}): {{title}}",
            "Dear {{name}},\n\nYour submission “{{title}}” was received at {{received_at}} under the number {{number}}. This has to be \
             added or put right:\n{{findings}}\n\nPlease answer this letter and send all of it at once; what came already need not be sent \
             again.\n\nThe last day for it is {{until_day}} (inclusive, Beijing time), by the time at which our mailbox receives it.\n\n\
             An editor will look at the following; you need not do anything:\n{{unmeasured}}\n\nThe following is advice and changes \
             nothing:\n{{advice}}\n\nContacts:\n{{contacts}}\n\nThis letter was sent automatically.",
        ),
        (Kind::Adopted, Language::Zh) => (
            "采用通知（收稿号 {{收稿号}}）：{{标题}}",
            "{{称呼}}：\n\n您好！您的来稿“{{标题}}”（收稿号 {{收稿号}}）经审阅决定采用，拟在以下渠道中安排刊发：{{刊发渠道}}。\n\n编辑部意见：\n{{理由}}\n\n\
             请勿再将此稿投往他处；如已在别处发表或另有安排，请尽快告知。\n\n联系人：\n{{联系人}}",
        ),
        (Kind::Adopted, Language::En) => (
            "Adopted (number {{number}}): {{title}}",
            "Dear {{name}},\n\nWe are glad to tell you that your submission “{{title}}” (number {{number}}) is adopted. It will appear in \
             one of: {{channels}}.\n\nThe editors’ words:\n{{reason}}\n\nPlease do not offer it elsewhere, and tell us soon if it has appeared \
             already.\n\nContacts:\n{{contacts}}",
        ),
        (Kind::Declined, Language::Zh) => (
            "审稿结果（收稿号 {{收稿号}}）：{{标题}}",
            "{{称呼}}：\n\n您好！您的来稿“{{标题}}”（收稿号 {{收稿号}}）经审阅，此次未能采用。理由如下：\n{{理由}}\n\n\
             稿件由您自行处理。感谢您对“{{征稿主题}}”征稿的支持，期待您再次来稿。\n\n联系人：\n{{联系人}}",
        ),
        (Kind::Declined, Language::En) => (
            "Result of the review (number {{number}}): {{title}}",
            "Dear {{name}},\n\nThank you for your submission “{{title}}” (number {{number}}). After review it was not adopted this time:\n\
             {{reason}}\n\nYou are free to offer it elsewhere. We hope to hear from you again.\n\nContacts:\n{{contacts}}",
        ),
        (Kind::RevisionAsked, Language::Zh) => (
            "请修改来稿（收稿号 {{收稿号}}）：{{标题}}",
            "{{称呼}}：\n\n您好！您的来稿“{{标题}}”（收稿号 {{收稿号}}）经审阅，请按以下意见修改：\n{{理由}}\n\n\
             请于 {{截止日}}（含当日，北京时间）前直接回复此信，附上修改稿；以邮箱收到时间为准。\n\n联系人：\n{{联系人}}",
        ),
        (Kind::RevisionAsked, Language::En) => (
            "Please revise (number {{number}}): {{title}}",
            "Dear {{name}},\n\nYour submission “{{title}}” (number {{number}}) was reviewed. Please revise it as follows:\n{{reason}}\n\n\
             Please answer this letter with the revised manuscript; the last day for it is {{until_day}} (inclusive, Beijing time), by the \
             time at which our mailbox receives it.\n\nContacts:\n{{contacts}}",
        ),
    };
    Written { kind, language, subject: subject.into(), body: body.into() }
}

/// A campaign’s letters: its own words, and those that ship for what it has not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Templates(Vec<Template>);

/// What is wrong with a campaign’s words: the index of the template with its faults.
pub type Faults = Vec<(usize, Vec<Fault>)>;

impl Templates {
    /// Reads a campaign’s words. Of two for the same letter and language the first counts.
    ///
    /// # Errors
    /// Everything that is wrong with any of them.
    pub fn read(own: &[Written]) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let mut templates = Vec::new();
        for (index, written) in own.iter().enumerate() {
            match Template::read(written) {
                Ok(template) => templates.push(template),
                Err(found) => faults.push((index, found)),
            }
        }
        for (kind, language) in Kind::ALL.into_iter().flat_map(|kind| Language::ALL.map(|language| (kind, language))) {
            // The words that ship have no fault: a test reads each.
            templates.extend(Template::read(&self::written(kind, language)).ok());
        }
        if faults.is_empty() { Ok(Self(templates)) } else { Err(faults) }
    }

    /// The words for a letter; none never comes, since every letter has words that ship.
    #[must_use]
    pub fn of(&self, kind: Kind, language: Language) -> Option<&Template> {
        self.0.iter().find(|template| template.kind() == kind && template.language() == language)
    }
}
