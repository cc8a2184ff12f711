//! Legal consultation: what was asked about, and how. Never who asked.
//!
//! A record holds topic, mode and person-times only; names, phones, addresses and stories are personal information
//! (PIPL) and have no field.

use super::coded::coded;

/// What a consultation was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Topic {
    /// Not said.
    #[default]
    Unspecified,
    /// The constitution.
    Constitution,
    /// Labour and wages.
    Labour,
    /// Marriage and family.
    MarriageFamily,
    /// Inheritance and maintenance.
    Inheritance,
    /// Contracts and debts.
    ContractDebt,
    /// Land and housing.
    LandHousing,
    /// Traffic and injury.
    TrafficInjury,
    /// Consumers.
    Consumer,
    /// Fraud and other crime.
    Criminal,
    /// Administration and petitions.
    Administrative,
    /// Minors, women, the old and the disabled.
    Protection,
    /// Legal aid and notaries.
    LegalAid,
    /// Anything else.
    Other,
}

/// How a consultation was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Mode {
    /// Not said.
    #[default]
    Unspecified,
    /// At a stall or an event.
    OnSite,
    /// In an office or a service window.
    Window,
    /// By telephone, such as 12348.
    Phone,
    /// By WeChat, a site or video.
    Online,
    /// At people's doors.
    HomeVisit,
}

coded!(Topic {
    Unspecified = "unspecified", "未分类", "Not specified";
    Constitution = "constitution", "宪法", "Constitution";
    Labour = "labour", "劳动用工", "Labour";
    MarriageFamily = "marriage_family", "婚姻家庭", "Marriage and family";
    Inheritance = "inheritance", "继承赡养", "Inheritance";
    ContractDebt = "contract_debt", "合同债务", "Contracts and debts";
    LandHousing = "land_housing", "土地房产", "Land and housing";
    TrafficInjury = "traffic_injury", "交通与人身损害", "Traffic and injury";
    Consumer = "consumer", "消费维权", "Consumers";
    Criminal = "criminal", "刑事与反诈", "Crime and fraud";
    Administrative = "administrative", "行政与信访", "Administration";
    Protection = "protection", "特殊群体权益", "Protected groups";
    LegalAid = "legal_aid", "法律援助与公证", "Legal aid";
    Other = "other", "其他", "Other";
});

coded!(Mode {
    Unspecified = "unspecified", "未分类", "Not specified";
    OnSite = "on_site", "现场", "On site";
    Window = "window", "窗口", "At the window";
    Phone = "phone", "电话", "By phone";
    Online = "online", "网络", "Online";
    HomeVisit = "home_visit", "上门", "At home";
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back() {
        assert!(Topic::ALL.iter().all(|t| Topic::from_code(t.code()) == Some(*t)));
        assert!(Mode::ALL.iter().all(|m| Mode::from_code(m.code()) == Some(*m)));
        assert_eq!(Topic::from_code("gossip"), None);
    }
}
