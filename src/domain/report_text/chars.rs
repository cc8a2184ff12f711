//! One character for one: full-width and traditional forms become the ones that the grammar knows, so a place in the
//! normal text is the same place in the text as pasted.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Traditional or variant characters of the words in this field, each followed by the one used here.
const VARIANTS: &str = "條条塊块萬万餘余馀余個个箇个場场塲场傳传資资發发冊册張张頁页戶户戸户處处諮咨詢询標标語语\
橫横懸悬掛挂貼贴講讲單单書书報报畫画臺台檯台輛辆車车隱隐現现間间眾众衆众學学師师億亿兩两數数幾几約约過过達达來来讀读識识動动\
開开舉举辦办縣县鎮镇鄉乡區区廣广憲宪問问題题電电顯显視视頻频訊讯線线員员願愿門门訪访續续計计總总類类種种項项參参與与蓋盖紀纪\
禮礼設设點点務务輪轮組组織织業业護护長长環环節节統统興兴團团黨党幹干幣币億亿將将擬拟預预標标爭争劃划後后裡里裏里會会從从為为\
們们對对於于進进還还這这邊边遠远適适選选遞递運运連连週周違违歡欢權权樣样機机檢检樓楼橋桥極极構构東东樂乐歷历歸归殺杀毀毁漢汉\
滿满滾滚漲涨熱热燈灯爾尔牆墙獎奖產产當当療疗監监盤盘確确礎础離离積积穩稳窗窗競竞筆笔範范簡简簽签糾纠紅红級级細细終终經经綜综\
網网維维縱纵織织繼继職职聯联聽听腦脑臨临舊旧華华葉叶號号裝装補补複复覆覆規规覽览觀观觸触訂订記记許许診诊評评該该詳详誰谁調调\
談谈請请論论諸诸謝谢證证譜谱議议讓让貫贯責责費费賽赛贈赠贏赢較较輔辅輸输轉转農农遷迁郵邮鄰邻醫医釋释針针鈴铃銀银錄录錢钱鐘钟\
鏈链闊阔隊队際际雙双雜杂難难雲云靈灵靜静響响頂顶順顺須须領领頭头願愿飲饮館馆驗验體体鬧闹魚鱼鮮鲜黃黄齊齐齡龄龍龙龜龟旳的幀帧\
嶺岭崗岗呂吕陽阳陰阴島岛灣湾溝沟鄭郑劉刘趙赵吳吴孫孙楊杨馬马陳陈羅罗韓韩鄧邓馮冯蘇苏盧卢蔣蒋賈贾龐庞顧顾閻阎龔龚譚谭鄒邹寧宁濟济濰潍煙烟萊莱濱滨\
澤泽堅坚沖冲龐庞壩坝寶宝莊庄廟庙園园圍围塘塘廠厂廳厅戰战戲戏敵敌斷断旋旋歲岁殘残準准溫温漸渐無无營营獨独獲获環环當当發发盡尽眾众禁禁稅税穎颖紙纸\
絕绝給给緊紧維维練练縮缩聲声膽胆艙舱藝艺藥药衛卫親亲訓训誠诚語语課课調调貧贫貨货費费賞赏質质贊赞跡迹軍军輕轻較较逐逐遊游遺遗錯错鍵键閉闭闆板陣阵階阶隻只雖虽靠靠題题顆颗飛飞駐驻騎骑騙骗體体鬆松麵面鬥斗佈布叄叁弍二陸陆壹壹貳贰參叁囍喜\
專专絲丝豐丰爲为麼么義义烏乌喬乔習习買买瞭了亞亚畝亩僅仅儀仪價价彷仿優优傘伞傷伤脩修藉借償偿兒儿剋克蘭兰關关內内寫写減减鳳凤齣出擊击則则創创別别彆别\
製制勸劝勞劳韆千昇升協协佔占捲卷曆历壓压釐厘蔘参髮发疊叠祇只颱台閤合衕同嚮向曏向噸吨啓启賙周噴喷囑嘱迴回糰团睏困囪囱國国圖图圓圆垻坝墊垫殼壳壺壶備备\
復复婦妇甯宁實实審审傢家賓宾尋寻導导壽寿侷局層层屆届屬属嵐岚嶽岳峽峡鉅巨帳帐帶带蓆席幫帮幗帼乾干並并併并慶庆庫库應应強强噹当彔录綵彩徵征徑径誌志唸念\
態态惡恶噁恶撲扑託托釦扣執执掃扫揚扬摺折撥拨揮挥捱挨撿捡換换據据攝摄擺摆襬摆攤摊攢攒時时晝昼曉晓闇暗麴曲術术朮术桿杆盃杯棗枣棟栋欄栏櫥橱畢毕氣气匯汇\
彙汇註注瀘泸測测瀏浏塗涂溼湿灤滦竈灶災灾爐炉菸烟燒烧愛爱牽牵狀状瑪玛疇畴皁皂矯矫礦矿碭砀碼码稱称豎竖籠笼築筑籤签係系繫系綱纲納纳紛纷紡纺繹绎結结繞绕\
繪绘絡络繩绳編编繳缴罰罚羣群脫脱臉脸緻致甦苏囌苏榮荣葯药蓮莲穫获矇蒙濛蒙懞蒙虛虚錶表見见譽誉認认討讨証证詐诈訴诉試试話话說说誦诵諾诺諜谍諧谐謎谜穀谷\
負负賢贤賬账購购貴贵貸贷貿贸讚赞趕赶踐践載载輻辐輯辑轄辖遼辽邏逻採采寀采鍾钟鈡钟鑰钥鈅钥鉤钩鐵铁鉛铅鋪铺鍊链銷销鋒锋聞闻閱阅隴陇險险麪面頃顷鬚须頒颁\
額额風风飯饭駛驶駕驾驛驿驟骤鶴鹤";

static NORMAL: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let chars: Vec<char> = VARIANTS.chars().collect();
    let mut normal: HashMap<char, char> = chars.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    // 參 is 参 in words; the numeral 叁 is read from both where a numeral stands.
    normal.insert('參', '参');
    normal
});

/// The character that the grammar reads for one of a text.
fn normal(c: char) -> char {
    match c {
        '\u{3000}' | '\u{a0}' | '\t' | '\r' => ' ',
        // The full-width comma stays: between digits it means something else than a comma.
        '，' => c,
        '﹐' => '，',
        '–' | '—' | '―' | '－' | '‐' | '‑' | '−' | '─' => '-',
        '～' | '〜' | '∼' => '~',
        '〈' | '＜' | '«' => '《',
        '〉' | '＞' | '»' => '》',
        '！'..='～' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{b}' | '\u{c}' => '\n',
        _ if c.is_ascii() => c,
        _ => NORMAL.get(&c).copied().unwrap_or(c),
    }
}

/// The text as the grammar reads it, a character for each character.
pub(super) fn normalise(text: &str) -> Vec<char> {
    text.chars()
        .map(normal)
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_keeps_its_place() {
        let text = "發放宣傳單１，２００餘份（冊）、條幅5塊\t—Led";
        let read: String = normalise(text).into_iter().collect();
        assert_eq!(read, "发放宣传单1，200余份(册)、条幅5块 -LED");
        assert_eq!(read.chars().count(), text.chars().count());
    }

    #[test]
    fn variants_come_in_pairs() {
        assert_eq!(VARIANTS.chars().count() % 2, 0);
    }
}
