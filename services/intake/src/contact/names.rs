//! Whether some characters are a person's name: 百家姓 and the other surnames in use, minority names with a middle dot.

use crate::wording::is_han;

/// Single surnames, the common ones of 百家姓 and of the census.
const SURNAMES: &str = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎\
鲁韦昌马苗凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧\
计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗\
丁宣贲邓郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊於惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫\
宁仇栾暴甘钭厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍\
郤璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆\
师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公仉督岳帅缑亢况郈有琴商牟佘佴伯赏墨哈谯笪年爱阳佟\
肖闫代付区覃楚原苑邸闪靖揭占涂候粟税麦兰仝冼卿青官衣战栗晋植庹辜练苟尧尉蹇来勇丛隋谌芦邝郄禤綦矫鄢漆泮忻迟郇眭鹿弋亓\
趙錢孫鄭馮陳衛蔣韓楊許呂張嚴華謝鄒蘇潘馬鳳鮑費賀倪湯羅畢郝樂於時齊顧黃蕭龐項閔賈婁鍾駱萬盧單諸鈕龔陸榮劉葉龍賴喬譚貢勞莊閻連習關遊權蓋";

/// Surnames of two characters.
const COMPOUND: [&str; 40] = [
    "欧阳", "司马", "上官", "夏侯", "诸葛", "闻人", "东方", "赫连", "皇甫", "尉迟", "公羊", "澹台", "公冶", "宗政",
    "濮阳", "淳于", "单于", "太叔", "申屠", "公孙", "仲孙", "轩辕", "令狐", "钟离", "宇文", "长孙", "慕容", "鲜于",
    "闾丘", "司徒", "司空", "亓官", "司寇", "南宫", "东郭", "西门", "端木", "百里", "呼延", "拓跋",
];

/// Words of two to four characters that begin like a name and are none.
const WORDS: &str = "单位 单独 方法 方式 方向 方案 方面 高度 高效 高质量 金融 金额 公司 公务 公共 公开 公众号 时间 时代 时期 时刻 马上 马力 文件 文字 文章 文稿 \
文档 文本 文化 于是 于此 向上 向前 向着 和谐 万元 万众 任务 任重 安全 安康 常委 常务 成果 成效 成长 成就 成绩 关于 关键 关系 党委 党建 党员 党组 党课 \
党章 解决 解读 宣传 农业 农村 水平 经济 经验 经费 支持 支出 支部 支付 路径 路上 国家 国库 国有 国资 古代 温暖 江河 江苏 江西 江山 江南 安徽 安吉 \
海宁 海南 海盐 海口 广东 广西 广州 云南 云和 宁波 宁夏 宁海 上海 山东 山西 黄岩 温岭 温州 平湖 平安 平台 平阳 余杭 余姚 金华 金东 龙港 龙泉 龙游 \
常山 东阳 东莞 东方 东海 桂林 柳州 郑州 徐州 沈阳 常州 宿迁 阳泉 安阳 焦作 杭州 乐清 富阳 建德 武义 武汉 永康 兰溪 兰州 石家庄 成都 重庆 贵州 福建 明天 \
明确 明显 全文 全国 全省 全面 全体 全市 全力 别名 相关 相信 相册 查收 查看 查询 后续 后附 向您 向阳 易懂 计划 计算 包括 包含 项目 应用 应该 应当 管理 \
简介 简历 简报 信息 信箱 信念 信心 官网 官方 初心 初稿 原创 原稿 原文 来稿 来源 来信 来自 印发 通过 通知 通讯 通联 通信 通讯员 边界 连续 习近平 师生 \
权利 权力 利益 利用 有关 有效 有限 有力 有感 商务 年度 年月 爱国 年轻 代表 代码 付款 区域 位置 税务 税收 青年 青春 战略 战斗 化解 海报 才能 次数 双方 双减 \
终稿 终身 能力 能否 空间 空白 强化 强调 家庭 家园 家国 井然 富强 富民 全程 全员 车辆 白皮书 从严 从业 充分 容量 步伐 步骤 都是 满意 文明 欧美 荣誉 \
盛会 盛世 盛典 元素 贺信 严格 严肃 严谨 华东 华夏 凤凰 花园 费用 乐观 康养 顾问 景区 束缚 龙头 幸福 卓越 劳动 申请 申报 尚未 温馨 慎重 居民 居家 国际 \
广大 广泛 利民 越来越 师傅 养老 须知 丰富 红色 红利 游客 盖章 益民 督查 督导 赏析 原因 海外 普通 普惠 拜托 但是 信用 院校 户籍 线上 线下 线索 勇于 勇毅 \
高清 房屋 石油 左右 封面 储备 段落 牧区 山区 谷物 乌鲁木齐 仰望 祖国 武装 符合 白天 怀着 索引 咸宁 池州 阴影 扶持 扶贫 温度 主任 于都 常态 高举 高新 平均 \
和平 明年 成立 计时 伏案 谈谈 谈心 纪实 纪律 纪委 季度 路线 胡同 应急 应对 宗旨 洪水 程序 荣获 家乡 段时间 全域 秋季 秋冬 金秋 景象 龙湾 黎明 田野 江海 \
祝好 祝福 祝愿 祝贺 祝安 祝编安 祝顺利 夏安 秋安 时安 文安 商祺 时祺 文祺 夏祺 秋祺 万分 方便 方才 高兴 常常 从事 从此 从而 从中 充满 别人 应有 相比 能够 \
经济学 管理学 法学 文学 年生 有幸 谈起 纪念 时常 万事 温习 贺词 向好 宣讲 党史 党性 国情 国税 地税 毕业 常州市 张贴 金点子 严防 严控 齐心 计税 单项 单纯 费用化";

/// Words that are somebody's name too: believed behind a label (姓名：黎明) or where somebody says it (我叫黎明).
const NAMESAKES: &str = "黎明 向阳 马力 安康 海宁 齐心 华夏 华东 平安 安阳 东阳 富强 常山 江山 江海 江河 江南 田野 成就 和平 金华 卓越 沈阳 温暖 温馨 文明 严谨 黄岩 程序 成长 富阳 海南 龙泉 白天 青春 爱国";

/// What names of Tibetan and Mongolian custom, which have no surname, begin and end with.
const ELEMENTS: &str = "扎西 多吉 卓玛 次仁 才让 旦增 丹增 洛桑 格桑 央金 拉姆 尼玛 达瓦 巴桑 平措 罗布 索朗 仁青 仁增 贡布 次旦 白玛 强巴 益西 顿珠 曲珍 德吉 措姆 旺堆 \
旺姆 加措 坚赞 桑吉 桑杰 班觉 普布 边巴 米玛 拉巴 次央 次珍 卓嘎 欧珠 群培 其其格 格日勒 图雅 高娃 苏和 巴图 那仁 乌云 斯琴 娜仁 哈斯 额尔敦 朝鲁 呼和 塔娜 萨仁 \
宝音 孟和 巴特尔 巴雅尔 巴根 毕力格 朝克图 阿拉坦 敖登 托娅 其木格 苏日娜 特木尔 布和 青格勒";

/// What stands behind a surname without being a given name, and what an organisation, a place or a title ends with.
const ENDINGS: [&str; 49] = [
    "省", "市", "县", "区", "局", "厅", "处", "科", "室", "股", "所", "委", "院", "校", "部", "组", "队", "镇", "乡",
    "街道", "版", "片", "篇", "件", "办", "公司", "中心", "集团", "大学", "学院", "银行", "政府", "稿", "征文", "等",
    "的", "了", "们", "吗", "编辑", "路", "附件", "简介", "视频", "发展", "改革", "财政", "精神", "体会",
];

/// Titles that follow a name or an organisation and are no part of it; longer ones first.
pub(super) const TITLES: [&str; 63] = [
    "党组副书记",
    "党委副书记",
    "党委委员",
    "高级会计师",
    "高级经济师",
    "高级审计师",
    "总会计师",
    "总经济师",
    "总审计师",
    "总工程师",
    "副镇长",
    "副乡长",
    "副主编",
    "一级主任科员",
    "二级主任科员",
    "三级主任科员",
    "四级主任科员",
    "党组书记",
    "党组成员",
    "党委书记",
    "主任科员",
    "四级调研员",
    "三级调研员",
    "副调研员",
    "副研究员",
    "研究实习员",
    "硕士研究生",
    "博士研究生",
    "副局长",
    "副处长",
    "副科长",
    "副主任",
    "副院长",
    "副所长",
    "副书记",
    "副股长",
    "副部长",
    "副厅长",
    "副教授",
    "研究员",
    "调研员",
    "研究生",
    "会计师",
    "经济师",
    "审计师",
    "镇长",
    "乡长",
    "局长",
    "处长",
    "科长",
    "主任",
    "书记",
    "院长",
    "所长",
    "主编",
    "厅长",
    "股长",
    "部长",
    "教授",
    "讲师",
    "博士",
    "科员",
    "干部",
];

/// Words of courtesy that follow a name.
const COURTESIES: [&str; 9] = ["老师", "先生", "女士", "同志", "敬上", "敬呈", "谨上", "供稿", "撰稿"];

/// Characters of sentences that no given name has.
const SENTENCE: &str = "的了是在我你您他她它们这那不也就都与及把被让将很更么什吗呢吧谢请";

/// A name without the titles, numbers and marks around it, and without spaces inside; none if it is no name. The name of
/// a person of Han custom begins with a known surname and has two or three characters, four after a compound or double
/// surname; one with a middle dot may be longer.
#[must_use]
pub(super) fn name(text: &str) -> Option<String> {
    let name = trim(text);
    let characters: Vec<char> = name.chars().collect();
    if name.contains('·') {
        return dotted(&name).then_some(name);
    }
    if !characters.iter().all(|c| is_han(*c)) || name.contains('某') {
        return None;
    }
    if elements(&name) {
        return Some(name);
    }
    // A surname of two characters alone is no name.
    if COMPOUND.contains(&name.as_str()) {
        return None;
    }
    let compound = characters.len() > 2 && COMPOUND.iter().any(|surname| name.starts_with(surname));
    let single = characters.first().is_some_and(|first| SURNAMES.contains(*first));
    let fits = match characters.len() {
        2 | 3 => single || compound,
        4 => {
            compound
                || (single
                    && SURNAMES_OF_COUPLES.contains(characters[1])
                    && SURNAMES_OF_COUPLES.contains(characters[0]))
        }
        _ => false,
    };
    (fits && !is_word(&name)).then_some(name)
}

/// Surnames common enough to be trusted in a double surname (陈李佳慧): four characters are more often a phrase.
const SURNAMES_OF_COUPLES: &str = "赵钱孙李周吴郑王冯陈褚蒋沈韩杨朱秦许何吕张曹魏姜谢潘葛范彭鲁薛罗郝邵汪毛宋庞熊董梁杜郭徐邱骆蔡樊胡卢莫邓崔龚程陆刘叶黎谭廖曾肖闫";

/// A value that stands behind a name's label and is no name of Han custom (次仁, 乌云其其格), unless it says that there is
/// nothing here.
#[must_use]
pub(super) fn labelled(text: &str) -> Option<String> {
    const NEVER: &str =
        "见附详如无略待名单位电话手机邮箱联系方式地址处填写某同以及等请局厅委部室科所佚匿不未暂职务年月日性别男女民族";
    let name = trim(text);
    let length = name.chars().count();
    let nickname = length == 2 && name.starts_with(['小', '老', '阿']);
    let plain = !nickname && (2..=6).contains(&length) && name.chars().all(|c| is_han(c) && !NEVER.contains(c));
    (plain && (is_namesake(&name) || !is_word(&name))).then_some(name)
}

/// Whether a word (黎明) is somebody's name too.
#[must_use]
pub(super) fn is_namesake(name: &str) -> bool {
    NAMESAKES.split_ascii_whitespace().any(|known| known == name)
}

/// 扎西多吉, 乌云其其格: two elements and nothing else.
fn elements(name: &str) -> bool {
    (4..=6).contains(&name.chars().count())
        && ELEMENTS
            .split_ascii_whitespace()
            .filter_map(|first| name.strip_prefix(first))
            .any(|rest| ELEMENTS.split_ascii_whitespace().filter_map(|last| rest.strip_suffix(last)).any(str::is_empty))
}

/// Whether a surname is so common that a word that begins with it is more likely a whole name.
#[must_use]
pub(super) fn begins_commonly(text: &str) -> bool {
    text.chars().next().is_some_and(|first| SURNAMES_OF_COUPLES.contains(first))
}

/// Whether a character or two are a surname, so that a given name may follow after a space.
#[must_use]
pub(super) fn is_surname(text: &str) -> bool {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(single), None) => SURNAMES.contains(single),
        _ => COMPOUND.contains(&text),
    }
}

fn trim(text: &str) -> String {
    // A number may follow a name (赵敏1); before one it belongs to another word (1985年生).
    let name = text.trim_start_matches(|c: char| c != '·' && !c.is_alphanumeric());
    let mut name = name.trim_end_matches(|c: char| c != '·' && !c.is_alphabetic()).to_owned();
    for title in COURTESIES.into_iter().chain(TITLES) {
        if let Some(rest) = name.strip_suffix(title).filter(|rest| rest.chars().count() >= 2) {
            name = rest.trim_end().to_owned();
        }
    }
    name
}

/// 买买提·艾力, 阿卜杜拉·买买提·艾力.
fn dotted(name: &str) -> bool {
    let parts: Vec<&str> = name.split('·').collect();
    (2..=4).contains(&parts.len())
        && name.chars().count() <= 20
        && parts.iter().all(|part| (1..=8).contains(&part.chars().count()) && part.chars().all(is_han))
}

fn is_word(name: &str) -> bool {
    WORDS.split_ascii_whitespace().any(|word| word == name)
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || name.chars().skip(1).any(|c| SENTENCE.contains(c))
        || COURTESIES
            .iter()
            .chain(&TITLES)
            .any(|title| name.ends_with(title) && name.chars().count() <= title.chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_words_that_begin_like_one() {
        for text in [
            "张三",
            "王建国",
            "欧阳修",
            "司马相如",
            "买买提·艾力",
            "阿卜杜拉·买买提·艾力",
            "陈李佳慧",
            "陳麗",
            "肖战",
            "单雄信",
        ] {
            assert_eq!(name(text).as_deref(), Some(text));
        }
        for (text, expected) in
            [("张三同志", "张三"), ("王建国局长", "王建国"), ("李四1", "李四"), ("*张三", "张三"), ("张三（", "张三")]
        {
            assert_eq!(name(text).as_deref(), Some(expected));
        }
        for text in [
            "",
            "张",
            "单位",
            "方法",
            "温州",
            "党委",
            "金秋十月",
            "高举旗帜",
            "张老师",
            "张某某",
            "李编辑",
            "江苏省",
            "John",
            "张三李四王五",
            "国库科",
            "·",
            "张·",
        ] {
            assert_eq!(name(text), None, "{text}");
        }
    }

    #[test]
    fn behind_a_label_a_name_need_not_begin_with_a_known_surname() {
        for (text, expected) in [
            ("次仁", Some("次仁")),
            ("乌云其其格", Some("乌云其其格")),
            ("见附件", None),
            ("无", None),
            ("详见文末", None),
            ("匿名", None),
        ] {
            assert_eq!(labelled(text).as_deref(), expected, "{text}");
        }
    }
}
