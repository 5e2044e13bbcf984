//! Contact data as people write it, one line a case.

use proptest::prelude::*;

use super::*;
use crate::letter::{Address, Disposition, Document, DocumentFormat};

fn of_body(body: &str) -> Letter {
    let mut letter = Letter::default();
    letter.body.text = body.into();
    letter
}

fn document(name: &str, text: &str) -> Part {
    Part {
        path: "2".into(),
        name: name.into(),
        media_type_declared: "application/octet-stream".into(),
        media_type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document".into(),
        disposition: Disposition::Attachment,
        size_bytes: 20_000,
        sha256: stdx::Sha256::of(b"document"),
        content: Content::Document(Document {
            format: DocumentFormat::Docx,
            text: text.into(),
            truncated: false,
            characters: wording::characters(text),
            pictures: 0,
        }),
    }
}

fn values(found: &[Found]) -> String {
    found.iter().map(|found| found.value.as_str()).collect::<Vec<_>>().join(" ")
}

/// Names, organisations, phones and addresses, each joined by spaces.
fn read(letter: &Letter) -> [String; 4] {
    let contact = find(letter);
    [&contact.names, &contact.organisations, &contact.phones, &contact.addresses].map(|found| values(found))
}

/// Notes a case that went wrong, so that a table tells all of them at once.
fn compare(wrong: &mut Vec<String>, case: &str, found: &[String], expected: &[&str]) {
    let (found, expected) = (found.join("|"), expected.join("|"));
    if found != expected {
        wrong.push(format!("{case:?}: found {found}, expected {expected}"));
    }
}

#[test]
fn labels_name_what_stands_behind_them() {
    let mut wrong = Vec::new();
    for (body, names, organisations, numbers) in [
        ("姓名：张三\n单位：湖州市财政局\n电话：13800000000", "张三", "湖州市财政局", "13800000000"),
        ("姓名:张三 单位:湖州市财政局 电话:13800000000", "张三", "湖州市财政局", "13800000000"),
        ("联系人：王建国 单位：杭州市财政局 电话：0571-87050000", "王建国", "杭州市财政局", "0571-87050000"),
        ("联系人：王建国，单位：杭州市财政局，电话：0571-87050000", "王建国", "杭州市财政局", "0571-87050000"),
        ("作者：李四\n作者单位：浙江省财政厅", "李四", "浙江省财政厅", ""),
        ("作者姓名：李四；工作单位：浙江省财政厅；手机：139 0000 0000", "李四", "浙江省财政厅", "13900000000"),
        ("姓　名：张　三\n单　位：湖州市财政局\n电　话：１３８００００００００", "张三", "湖州市财政局", "13800000000"),
        ("姓 名: 王 强", "王强", "", ""),
        ("姓名：张 小明", "张小明", "", ""),
        ("作者：张三、李四、王五", "张三 李四 王五", "", ""),
        ("作者：张三 李四，王五", "张三 李四 王五", "", ""),
        ("作者：王 强 李 丽", "王强 李丽", "", ""),
        ("撰稿人：张三和李四", "张三 李四", "", ""),
        ("供稿：湖州市财政局 张三", "张三", "湖州市财政局", ""),
        ("供稿：湖州市财政局张三", "张三", "湖州市财政局", ""),
        ("供稿单位：安吉县财政局\n通讯员：陈丽", "陈丽", "安吉县财政局", ""),
        ("投稿人：欧阳明 报送单位：温岭市财政局", "欧阳明", "温岭市财政局", ""),
        ("报送人：司马相如", "司马相如", "", ""),
        ("姓名：买买提·艾力\n单位：新疆维吾尔自治区财政厅", "买买提·艾力", "新疆维吾尔自治区财政厅", ""),
        ("姓名：阿卜杜拉•买买提", "阿卜杜拉·买买提", "", ""),
        ("姓名：次仁\n单位：西藏自治区财政厅", "次仁", "西藏自治区财政厅", ""),
        ("所在单位：中国财政科学研究院", "", "中国财政科学研究院", ""),
        ("单位：浙江省财政厅 预算处", "", "浙江省财政厅预算处", ""),
        ("单位：浙江省财政厅、浙江大学", "", "浙江省财政厅 浙江大学", ""),
        ("工作单位：浙江省湖州市吴兴区织里镇", "", "浙江省湖州市吴兴区织里镇", ""),
        ("单位：国投集团财务共享平台", "", "国投集团财务共享平台", ""),
        ("联系方式：张三 13800000000", "张三", "", "13800000000"),
        ("联系人及电话：张三 13800000000", "张三", "", "13800000000"),
        ("作者信息：张三，湖州市财政局，13800000000", "张三", "湖州市财政局", "13800000000"),
        ("作者简介：张三，男，湖州市财政局副局长", "张三", "湖州市财政局", ""),
        ("作者：张三（湖州市财政局）", "张三", "湖州市财政局", ""),
        ("文/张三 图/李四", "张三 李四", "", ""),
        ("【作者】张三\n【单位】湖州市财政局", "张三", "湖州市财政局", ""),
        ("姓名\t张三\n单位\t湖州市财政局\n电话\t13800000000", "张三", "湖州市财政局", "13800000000"),
        ("姓名\t单位\t电话\n张三\t湖州市财政局\t13800000000", "张三", "湖州市财政局", "13800000000"),
        ("姓名\n张三\n单位\n湖州市财政局\n手机\n13800000000", "张三", "湖州市财政局", "13800000000"),
        ("姓名\n单位\n电话\n张三\n湖州市财政局\n13800000000", "张三", "湖州市财政局", "13800000000"),
        ("姓名：\n张三\n单位：\n湖州市财政局", "张三", "湖州市财政局", ""),
        ("Tel: 0572-2398000\nE-mail: zhang@example.com\n姓名：张三", "张三", "", "0572-2398000"),
        ("姓名：哈斯巴根 单位：内蒙古自治区锡林郭勒盟财政局", "哈斯巴根", "内蒙古自治区锡林郭勒盟财政局", ""),
        (
            "作者单位：1.中国财政科学研究院；2.国家税务总局湖州市税务局\n作者：赵敏1 钱进2",
            "赵敏 钱进",
            "中国财政科学研究院 国家税务总局湖州市税务局",
            "",
        ),
        (
            "作者：王海涛，男，1985年生，经济学博士，浙江财经大学财政税务学院副教授",
            "王海涛",
            "浙江财经大学财政税务学院",
            "",
        ),
        (
            "投稿单位名称（盖章）：衢州市财政局\n作者姓名：何斌    联系电话：18957000000",
            "何斌",
            "衢州市财政局",
            "18957000000",
        ),
        (
            "作者｜杨帆　单位｜陕西省西安市财政局　电话｜０２９－８７２０００００",
            "杨帆",
            "陕西省西安市财政局",
            "029-87200000",
        ),
        ("撰稿：王芳、李娜（实习生）\n审核：周局长", "王芳 李娜", "", ""),
        ("作者1：张三\n作者2：李四", "张三 李四", "", ""),
        ("聯繫人：陳麗\n單位：浙江省財政廳", "陳麗", "浙江省財政廳", ""),
        ("姓名：黎明\n单位：三亚市财政局", "黎明", "三亚市财政局", ""),
        ("老师您好，补充联系方式：李静，义乌市财政局，0579-85210000。", "李静", "义乌市财政局", "0579-85210000"),
        ("作  者：李  想   赵 一 鸣   欧阳 娜娜", "李想 赵一鸣 欧阳娜娜", "", ""),
        ("单位及职务：门头沟区财政局 一级主任科员", "", "门头沟区财政局", ""),
        ("单位/部门：遵义市财政局/预算科", "", "遵义市财政局预算科", ""),
        ("课题组成员：张斌、李华", "张斌 李华", "", ""),
        ("作者：诸葛文静，兰溪市财政局党委委员、副局长", "诸葛文静", "兰溪市财政局", ""),
        ("撰稿人：吴越（嘉兴市财政局总会计师）", "吴越", "嘉兴市财政局", ""),
        ("作者简介：欧阳静怡，女，吉安市财政局科员，经济师。", "欧阳静怡", "吉安市财政局", ""),
    ] {
        let [found_names, found_organisations, found_phones, _] = read(&of_body(body));
        compare(&mut wrong, body, &[found_names, found_organisations, found_phones], &[names, organisations, numbers]);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn by_lines_signatures_and_sentences_need_no_label() {
    let mut wrong = Vec::new();
    for (body, names, organisations, numbers) in [
        ("您好，稿件见附件。\n\n浙江省温岭市财政局 陈丽 13800000000", "陈丽", "浙江省温岭市财政局", "13800000000"),
        ("老师好：\n请查收。\n张三\n湖州市财政局\n13800000000", "张三", "湖州市财政局", "13800000000"),
        ("请查收。\n湖州市财政局预算科 王强\n2023年3月1日", "王强", "湖州市财政局预算科", ""),
        ("请查收附件。\n\n此致\n敬礼\n\n张三\n2023年3月1日", "张三", "", ""),
        ("湖州市财政局张三", "张三", "湖州市财政局", ""),
        ("（浙江省财政厅 张三）", "张三", "浙江省财政厅", ""),
        ("（作者：李四，浙江省湖州市财政局）", "李四", "浙江省湖州市财政局", ""),
        ("（作者单位：浙江省财政厅）", "", "浙江省财政厅", ""),
        ("(张三、李四，浙江省财政厅，13800000000)", "张三 李四", "浙江省财政厅", "13800000000"),
        ("张三，13800000000", "张三", "", "13800000000"),
        ("张三-湖州市财政局-13800000000", "张三", "湖州市财政局", "13800000000"),
        ("我是湖州市财政局的张三，现将稿件发送给您，请查收。", "张三", "湖州市财政局", ""),
        ("您好！我叫王小明，来自湖州市财政局，投稿一篇。", "王小明", "湖州市财政局", ""),
        ("编辑老师：您好，我是湖州市财政局张三，现投稿。", "张三", "湖州市财政局", ""),
        ("本人李丽在湖州市财政局工作。", "李丽", "湖州市财政局", ""),
        ("作者系浙江省财政厅预算处处长", "", "浙江省财政厅预算处", ""),
        ("王建国局长 杭州市余杭区财政局 0571-87050000", "王建国", "杭州市余杭区财政局", "0571-87050000"),
        (
            "张三，女，汉族，中共党员，现任四川省成都市武侯区财政局预算科科长。",
            "张三",
            "四川省成都市武侯区财政局预算科",
            "",
        ),
        ("我是来自江苏省盐城市财政局国库处的一名干部，叫周洁，想投稿。", "周洁", "江苏省盐城市财政局国库处", ""),
        (
            "稿件作者为张立国同志（安徽省阜阳市颍州区财政局），联系方式13955800000，谢谢。",
            "张立国",
            "安徽省阜阳市颍州区财政局",
            "13955800000",
        ),
        (
            "--\n李建平\n财政部驻浙江专员办\n手机 139 5800 0000\n办公 0571 8701 0000",
            "李建平",
            "财政部驻浙江专员办",
            "13958000000 0571-87010000",
        ),
        ("无为市财政局 王 芳", "王芳", "无为市财政局", ""),
        ("我叫黎明，是海南省三亚市财政局的一名年轻干部。", "黎明", "海南省三亚市财政局", ""),
        ("广东省财政厅\n党办\n温 馨", "温馨", "广东省财政厅", ""),
        ("丛中笑 威海市财政局", "丛中笑", "威海市财政局", ""),
        (
            "我是一名来自基层乡镇财政所的干部，名叫闻雨，工作于罗山县周党镇财政所，现投稿一篇。",
            "闻雨",
            "罗山县周党镇财政所",
            "",
        ),
        ("扎西多吉，山南市财政局，18908930000", "扎西多吉", "山南市财政局", "18908930000"),
        ("乌云其其格 锡林郭勒盟财政局", "乌云其其格", "锡林郭勒盟财政局", ""),
        ("照片三张，作者任重远，固原市财政局，18995400000", "任重远", "固原市财政局", "18995400000"),
        ("我局（仙居县财政局）推荐稿件一篇，联系人郑小平，电话13958500000。", "郑小平", "仙居县财政局", "13958500000"),
        (
            "□ 钟晓敏   罗   娟\n（浙江财经大学财政税务学院  浙江省财政科学研究所）",
            "钟晓敏 罗娟",
            "浙江财经大学财政税务学院 浙江省财政科学研究所",
            "",
        ),
        ("金华市财政局供稿", "", "金华市财政局", ""),
        ("浙江省安吉县财政局 张晓明\n安吉县财政局", "张晓明", "浙江省安吉县财政局", ""),
        ("财政部会计司 卜凡", "卜凡", "财政部会计司", ""),
        (
            "简介：记录“最多跑一次”改革的点滴变化，讲述群众办事从繁到简的真实体验。单晓红，磐安县财政局，电话13757900000",
            "单晓红",
            "磐安县财政局",
            "13757900000",
        ),
        (
            "作品简介：记录财政窗口“最多跑一次”改革的点滴变化，讲述群众办事从繁到简、从慢到快、从跑多次到跑一次的真实体验，展现基层财政干部为民服务的情怀与担当。单晓红，磐安县财政局，电话13757900000",
            "单晓红",
            "磐安县财政局",
            "13757900000",
        ),
        ("湖州市财政局 办公室 李 丽 0572-2398000转12", "李丽", "湖州市财政局", "0572-2398000-12"),
    ] {
        let [found_names, found_organisations, found_phones, _] = read(&of_body(body));
        compare(&mut wrong, body, &[found_names, found_organisations, found_phones], &[names, organisations, numbers]);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_no_contact_is_not_taken_for_one() {
    let mut wrong = Vec::new();
    for body in [
        "",
        "您好，附件是我的稿件，请查收。谢谢！",
        "姓名：\n单位：\n电话：",
        "姓名：见附件\n单位：见附件\n联系方式：见附件",
        "姓名：XXX 单位：XX局 电话：XXXXXXXXXXX",
        "作者：佚名",
        "尊敬的张老师：\n您好！",
        "《中国财政》编辑部：",
        "尊敬的中国财政杂志社编辑老师：您好！",
        "身份证号：330106198001011234",
        "QQ：13800000000",
        "2023年3月31日",
        "项目支出 13800000000元",
        "深化财政改革，推进共同富裕\n\n近年来，各级财政部门认真学习贯彻党的二十大精神，单位内部加强管理。\n联系人民群众，作者认为要把握方向。",
        "单位领导高度重视，工作单位和个人都要落实。",
        "来源：浙江财政  作者：综合处",
        "谢谢！祝好！",
        "联系人：张某某 单位：某某县财政局",
        "发自我的iPhone",
        "https://mail.163.com/large-attachment-download/index.html?file=13800000000",
    ] {
        compare(&mut wrong, body, &read(&of_body(body)), &["", "", "", ""]);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn addresses_in_the_text_count_and_the_bare_from_does_not() {
    let mut letter = of_body("邮箱：ZhangSan@Example.com\n备用邮箱：１３８００００００００＠163.com");
    letter.headers.from = vec![Address { name: "张三".into(), address: "other@example.com".into() }];
    let [names, _, phones, addresses] = read(&letter);
    assert_eq!((names.as_str(), phones.as_str()), ("张三", ""));
    assert_eq!(addresses, "zhangsan@example.com 13800000000@163.com");
}

#[test]
fn a_phone_in_a_subject_or_file_name_counts_and_one_in_the_display_name_does_not() {
    let mut letter = of_body("请查收");
    letter.headers.subject = "湖州市南浔区财政局+沈佳怡+13757200000+主题征稿".into();
    letter.headers.from = vec![Address { name: "13900000000".into(), address: "a@example.com".into() }];
    letter.parts.push(document("沈佳怡0572-2150000.docx", "正文"));
    letter.parts.push(document("1679300000000.docx", "正文"));
    assert_eq!(read(&letter)[2], "13757200000 0572-2150000");
}

#[test]
fn documents_are_read_at_their_head_and_their_end() {
    let filler = "近年来，财政部门认真学习贯彻党的二十大精神，积极推进各项改革，取得了明显成效。\n".repeat(200);
    let mut wrong = Vec::new();
    for (text, names, organisations, numbers) in [
        (format!("奋进新征程\n张三\n{filler}"), "张三", "", ""),
        (format!("奋进新征程\n（浙江省财政厅 张三）\n{filler}"), "张三", "浙江省财政厅", ""),
        (format!("奋进新征程\n湖州市财政局　王　强\n{filler}"), "王强", "湖州市财政局", ""),
        (format!("奋进新征程\n{filler}（作者单位：浙江省湖州市财政局）"), "", "浙江省湖州市财政局", ""),
        (
            format!("奋进新征程\n{filler}作者：李四 单位：安吉县财政局 电话：13800000000"),
            "李四",
            "安吉县财政局",
            "13800000000",
        ),
        (format!("{filler}联系人：李四\n{filler}"), "", "", ""),
    ] {
        let mut letter = Letter::default();
        letter.parts.push(document("稿件.docx", &text));
        let [found_names, found_organisations, found_phones, _] = read(&letter);
        compare(
            &mut wrong,
            &text.chars().take(20).collect::<String>(),
            &[found_names, found_organisations, found_phones],
            &[names, organisations, numbers],
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn subjects_file_names_and_display_names_are_the_weakest_signs() {
    let mut wrong = Vec::new();
    for (subject, file, from, names, organisations) in [
        ("主题征稿", "湖州市财政局 张三 主题征稿.docx", "", "张三", "湖州市财政局"),
        ("主题征稿", "张三-奋进新征程的财政担当.docx", "", "张三", ""),
        ("主题征稿", "湖州市财政局张三.docx", "", "张三", "湖州市财政局"),
        ("主题征稿", "奋进新征程.docx", "", "", ""),
        ("主题征稿—浙江省湖州市财政局—张三—奋进新征程", "稿件.docx", "", "张三", "浙江省湖州市财政局"),
        ("Re: 【主题征稿】奋进（湖州市财政局 李四）", "稿件.docx", "", "李四", "湖州市财政局"),
        ("主题征稿", "稿件.docx", "王小明", "王小明", ""),
        ("主题征稿", "稿件.docx", "湖州市财政局", "", "湖州市财政局"),
        ("主题征稿", "稿件.docx", "zhangsan", "", ""),
        ("主题征稿", "稿件.docx", "阳光海岸", "", ""),
        ("主题征稿", "稿件.docx", "褚 红梅", "褚红梅", ""),
        ("主题征稿", "稿件.docx", "诸葛", "", ""),
        ("主题征稿", "财政实践-成稿-终版.docx", "", "", ""),
        ("主题征稿", "账本里的民生（成片）.mp4", "", "", ""),
        ("主题征稿", "宣传片 高清.mp4", "", "", ""),
        ("主题征稿", "山区财政.docx", "", "", ""),
    ] {
        let mut letter = Letter::default();
        letter.headers.subject = subject.into();
        letter.headers.from = vec![Address { name: from.into(), address: "a@example.com".into() }];
        letter.parts.push(document(file, "近年来，财政部门认真学习贯彻党的二十大精神。"));
        let [found_names, found_organisations, ..] = read(&letter);
        compare(
            &mut wrong,
            &format!("{subject} {file} {from}"),
            &[found_names, found_organisations],
            &[names, organisations],
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_likeliest_value_comes_first_and_each_tells_its_place() {
    let mut letter = of_body("姓名：张三\n单位：湖州市财政局\n电话：13800000000");
    letter.headers.from = vec![Address { name: "李四".into(), address: "a@example.com".into() }];
    letter.parts.push(document("王五 安吉县财政局.docx", "奋进\n作者：赵六"));
    let contact = find(&letter);
    assert_eq!(values(&contact.names), "张三 赵六 王五 李四");
    let places: Vec<&str> = contact.names.iter().map(|found| found.place.as_str()).collect();
    assert_eq!(places, ["body", "part 2 “王五 安吉县财政局.docx”", "part 2 “王五 安吉县财政局.docx”", "from"]);
    assert_eq!(contact.names[0].excerpt, "姓名：张三");
    assert_eq!(contact.phones[0].excerpt, "电话：13800000000");
}

#[test]
fn quoted_mail_is_not_read_and_ten_values_are_kept_of_each_sort() {
    let quoted = "联系人：张小莉 010-88227050\n单位：中国财政杂志社";
    let mut letter = of_body(&format!("姓名：张三\n{quoted}"));
    letter.body.quoted_from = Some("姓名：张三\n".len());
    assert_eq!(read(&letter), ["张三", "", "", ""]);
    let many: String = (0..30).map(|index| format!("电话：138000000{index:02}\n")).collect();
    assert_eq!(find(&of_body(&many)).phones.len(), VALUES_MAX);
}

proptest! {
    #[test]
    fn any_text_is_read_without_harm(
        body in "[张三李四湖州市财政局姓名单位电话作者：:（）()，、 \n\t0-9a-z@.+-]{0,200}",
        subject in any::<String>(),
        from in any::<String>(),
        quoted in any::<usize>(),
    ) {
        let mut letter = of_body(&body);
        letter.headers.subject = subject.clone();
        letter.headers.from = vec![Address { name: from, address: String::new() }];
        letter.body.quoted_from = Some(quoted % 300);
        letter.parts.push(document(&subject, &body));
        let contact = find(&letter);
        prop_assert_eq!(&contact, &find(&letter));
        for found in contact.names.iter().chain(&contact.organisations).chain(&contact.phones).chain(&contact.addresses) {
            prop_assert!(!found.value.is_empty() && found.excerpt.chars().count() <= EXCERPT_MAX);
        }
    }

    #[test]
    fn any_string_at_all_is_read_without_harm(body in any::<String>()) {
        let _ = find(&of_body(&body));
    }
}
