//! Closed lists whose members have a code and a name in both languages.

/// Gives an enum `ALL`, `code`, `from_code`, `name` and `name_en` from one table.
macro_rules! coded {
    ($type:ident { $($variant:ident = $code:literal, $name:literal, $name_en:literal;)* }) => {
        impl $type {
            /// Every one, in the order of the interface.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in the API, in files and in the database.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// The one with this code.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }

            /// Name in Chinese.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Name in English.
            #[must_use]
            pub const fn name_en(self) -> &'static str {
                match self { $(Self::$variant => $name_en),* }
            }
        }
    };
}
pub(crate) use coded;
