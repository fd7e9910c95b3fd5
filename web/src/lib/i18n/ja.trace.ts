// What the view of a trace says, in Japanese; a part of ja.ts.
import type { enTrace } from "./en.trace";

export const jaTrace: typeof enTrace = {
  // Tree and waterfall
  findSpans: "スパンを検索",
  findSpansHint: "名前、種類、モデル、エラー",
  nextMatch: "次の一致",
  previousMatch: "前の一致",
  matchOf: (at, all) => `${all} 件中 ${at}`,
  noSpanMatches: "なし",
  clearSearch: "検索をクリア",
  criticalPath: "クリティカルパス",
  criticalPathHover: "トレースの時間を占めた区間、つまり全体が待っていたスパンを表示",
  onCriticalPath: (time) => `クリティカルパス上 ${time}`,
  hiddenBelow: (n) => `${n} 件を折りたたみ中`,
  failedBelow: (_n, text) => `折りたたまれた中に失敗したスパンが ${text} 件`,
  wholeTime: "全体の時間を表示",
  minimap: "トレース全体: なぞると拡大、枠を動かすと移動",
  loadingSpans: "すべてのスパンを読み込み中",
  foldSpan: "折りたたむ",
  unfoldSpan: "展開",
  whatSpans: "このトレースのすべてのスパン",
  keyZoom: "拡大、縮小、全体、スパンに合わせる",
  keyPan: "時間軸を移動",
  keyError: "次のエラー",
};
