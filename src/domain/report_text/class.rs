//! What a word does in a sentence, and which words of counting a measure takes.

/// A measure of the contract; its code is [`M::code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum M {
    Materials,
    Banners,
    Boards,
    Consultations,
    Sessions,
    Audience,
    Volunteers,
    Posts,
    Screens,
    Desks,
    Vehicles,
    Gifts,
    Messages,
    Households,
    HazardsFound,
    HazardsFixed,
}

impl M {
    /// The code of the built-in measure.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Materials => "materials",
            Self::Banners => "banners",
            Self::Boards => "boards",
            Self::Consultations => "consultations",
            Self::Sessions => "sessions",
            Self::Audience => "audience",
            Self::Volunteers => "volunteers",
            Self::Posts => "posts",
            Self::Screens => "screens",
            Self::Desks => "desks",
            Self::Vehicles => "vehicles",
            Self::Gifts => "gifts",
            Self::Messages => "messages",
            Self::Households => "households",
            Self::HazardsFound => "hazards_found",
            Self::HazardsFixed => "hazards_fixed",
        }
    }

    /// Words that count this measure when its noun stands beside the number.
    const fn words(self) -> &'static str {
        match self {
            Self::Materials => "份 册 本 张 页 套 单 封 部 幅 件 个 卷 枚 款次",
            Self::Banners => "条 幅 副 面 个 处 张 份 块 道 杆 件",
            Self::Boards => "块 幅 个 张 处 面 版 板 副 期 组 套 台 份",
            Self::Consultations => "人次 人 名 位 次 条 个 件 宗 起 例 项 余 份",
            Self::Sessions => "场 次 期 堂 节 课 回 届 轮 项 课时",
            Self::Audience => "人次 人 名 位",
            Self::Volunteers => "人次 人 名 位",
            Self::Posts => "篇 条 则 次 个 期 部 集 件 份",
            Self::Screens => "块 个 处 台 条 次 面 幅 张",
            Self::Desks => "个 处 张 台",
            Self::Vehicles => "台 辆 次 部 车次",
            Self::Gifts => "件 份 个 只 把 支 袋 盒 条 本 张 套 副 顶 双 块 包 瓶 枚 幅 册 样",
            Self::Messages => "条 人次 次 份 人",
            Self::Households => "户 家",
            Self::HazardsFound | Self::HazardsFixed => "处 个 条 起 项 件",
        }
    }

    /// Words that count this measure first of all: enough even where another noun follows.
    const fn first_words(self) -> &'static str {
        match self {
            Self::Materials => "份 册 本 张 页 套 单 封",
            Self::Banners => "条 幅",
            Self::Boards => "块 幅",
            Self::Consultations | Self::Audience => "人次",
            Self::Sessions => "场 堂 节",
            Self::Volunteers => "名",
            Self::Posts => "篇 则",
            Self::Screens => "块",
            Self::Desks => "个 处",
            Self::Vehicles => "辆 台 车次",
            Self::Gifts => "件 份 个",
            Self::Messages => "条",
            Self::Households => "户",
            Self::HazardsFound | Self::HazardsFixed => "处",
        }
    }

    /// Whether a word may count this measure.
    pub(super) fn takes(self, word: &str) -> bool {
        self.words().split(' ').any(|own| own == word)
    }

    /// Whether a verb is said of what this measure counts.
    pub(super) const fn agrees(self, verb: V) -> bool {
        match self {
            Self::Materials => matches!(verb, V::Give | V::Print | V::Hang | V::Show | V::Send),
            Self::Banners | Self::Boards => matches!(verb, V::Hang | V::Show | V::Print | V::Give | V::Play),
            Self::Consultations => matches!(verb, V::Answer | V::Serve | V::Hold),
            Self::Sessions => matches!(verb, V::Hold | V::Show | V::Push | V::Play),
            Self::Audience | Self::Volunteers => true,
            Self::Posts => matches!(verb, V::Push | V::Send | V::Show | V::Print),
            Self::Screens => matches!(verb, V::Play | V::Show | V::Hang | V::Out),
            Self::Desks => matches!(verb, V::Show | V::Hold),
            Self::Vehicles => matches!(verb, V::Out | V::Show),
            Self::Gifts => matches!(verb, V::Give | V::Print | V::Show),
            Self::Messages => matches!(verb, V::Send | V::Push | V::Give),
            Self::Households => matches!(verb, V::Visit | V::Call | V::Hold),
            Self::HazardsFound | Self::HazardsFixed => matches!(verb, V::Find | V::Fix | V::Call),
        }
    }

    /// Whether a word is the usual one of this measure.
    pub(super) fn usually(self, word: &str) -> bool {
        self.first_words().split(' ').any(|own| own == word)
    }
}

/// What a verb says of a number that has no noun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum V {
    /// 发放.
    Give,
    /// 印制.
    Print,
    /// 悬挂, 张贴.
    Hang,
    /// 展出, 设置.
    Show,
    /// 解答: people who asked.
    Answer,
    /// 提供, 接待, 受理: only with something to ask about.
    Serve,
    /// 开展, 举办.
    Hold,
    /// 受教育, 覆盖.
    Reach,
    /// 出动.
    Out,
    /// 推送.
    Push,
    /// 发送.
    Send,
    /// 播放.
    Play,
    /// 入户.
    Visit,
    /// 走访: visits, which are no households unless counted in 户.
    Call,
    /// 排查, 发现.
    Find,
    /// 整改.
    Fix,
    /// 参加: people who took part are no figure.
    Attend,
}

/// What a word does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Names what is counted.
    Noun(M),
    /// As [`Class::Noun`], where a verb or a word of counting agrees: 信息, 问题, 宣传.
    Weak(M),
    Verb(V),
    /// Neither binds nor blocks: 宣传, 群众, 各类.
    Plain,
    /// Owns numbers that are no figures: 部门, 村, 案件.
    Other,
    /// A place or body: owns numbers of 个, 家, 处 and no others.
    Place,
    /// People who work: theirs are no figures, unless volunteers stand with them.
    Staff,
    /// 计划, 拟.
    Plan,
    /// 已: what follows has happened.
    Done,
    /// 去年.
    Past,
    /// 今年.
    Now,
    /// 同比, 增长.
    Change,
    /// 每.
    Each,
    /// 其中.
    Part,
    /// 共, 合计.
    Total,
    /// 近, 不足.
    Under,
    /// 逾, 超过.
    Over,
    /// 约.
    About,
    /// 达: says nothing of the bound.
    Reaches,
    /// 和, 与.
    And,
    /// 等.
    Etc,
    /// 第: an ordinal follows.
    Ordinal,
    /// 为, 向: for whom.
    For,
    /// 的.
    Of,
}
