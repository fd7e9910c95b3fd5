"""The style of a trace in a notebook. It takes text and background from the page around it.

Greys are half transparent, so they fit light and dark themes alike; only the two colours that say how
something ended are told apart, by the system's theme and by those that notebooks set themselves.
"""

STYLE = """
.ocp{--ocp-bad:#b42318;--ocp-good:#18794e;font:13px/1.5 system-ui,sans-serif;color:inherit;max-width:70em}
@media (prefers-color-scheme:dark){.ocp{--ocp-bad:#ff8b7e;--ocp-good:#63c997}}
[data-jp-theme-light="true"] .ocp,.vscode-light .ocp{--ocp-bad:#b42318;--ocp-good:#18794e}
[data-jp-theme-light="false"] .ocp,.vscode-dark .ocp{--ocp-bad:#ff8b7e;--ocp-good:#63c997}
.ocp-head{margin-bottom:.25em}
.ocp a{color:inherit}
.ocp-labels{margin-bottom:.25em}
.ocp-label,.ocp-type{border:1px solid rgba(128,128,128,.5);border-radius:3px;padding:0 .35em;font-size:11px}
.ocp-label{margin-right:.35em}
.ocp details>summary{cursor:pointer;padding:.1em .25em .1em 1.4em;text-indent:-1.15em;border-radius:3px;
overflow-wrap:anywhere}
.ocp details>summary:hover{background:rgba(128,128,128,.15)}
.ocp-error{color:var(--ocp-bad);font-weight:600}
.ocp-wrong{color:var(--ocp-bad);display:block;text-indent:0}
.ocp-type{opacity:.75}
.ocp-body{margin:.1em 0 .5em 1.4em}
.ocp-ok{color:var(--ocp-good)}
.ocp-facts,.ocp-more,.ocp-role,.ocp-part{opacity:.75}
.ocp-role{font-weight:600;font-size:11px}
.ocp-message{border-left:3px solid rgba(128,128,128,.4);margin:.35em 0;padding-left:.6em}
.ocp-text{white-space:pre-wrap;overflow-wrap:anywhere;max-height:24em;overflow:auto;margin:.15em 0;
padding:.3em .5em;border-radius:3px;background:rgba(128,128,128,.12);color:inherit;font-size:12px}
.ocp .ocp-prose{font-family:inherit;font-size:13px}
.ocp-judged{margin:.35em 0;padding-left:1.5em}
"""
