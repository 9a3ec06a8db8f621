/// The look of every page: one column, large type, light or dark as the reader's device asks.
enum Stylesheet {
    static let text = """
        :root{color-scheme:light dark;--ink:#1c2430;--soft:#5d6876;--line:#dfe4ea;--paper:#fff;--ground:#f4f6f8;\
        --mark:#0b6e4f;--minus:#b3261e}
        @media(prefers-color-scheme:dark){:root{--ink:#e8ebef;--soft:#9aa5b1;--line:#303a46;--paper:#1a212a;\
        --ground:#11161c;--mark:#5fd0a5;--minus:#ff8a80}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.6 system-ui,"PingFang SC",\
        "Microsoft YaHei","Noto Sans CJK SC",sans-serif}
        main{max-width:52rem;margin:0 auto;padding:2rem 1.25rem 4rem}
        header{margin-bottom:1.5rem}
        h1{font-size:1.6rem;line-height:1.3;margin:0 0 .25rem}
        h2{font-size:1.1rem;margin:0 0 .25rem}
        p{margin:.25rem 0}
        a{color:var(--mark)}
        .soft{color:var(--soft);font-size:.9rem}
        .card{background:var(--paper);border:1px solid var(--line);border-radius:.75rem;padding:1rem 1.25rem;\
        margin:0 0 1rem}
        .card.unread{border-left:.3rem solid var(--mark)}
        .body{white-space:pre-line;margin:.5rem 0}
        .tag{display:inline-block;border:1px solid var(--line);border-radius:1rem;padding:0 .6rem;font-size:.8rem;\
        color:var(--soft);margin-right:.35rem}
        .sum{font-size:2rem;font-weight:600;font-variant-numeric:tabular-nums}
        table{width:100%;border-collapse:collapse}
        th{text-align:left;font-weight:500;color:var(--soft);font-size:.85rem}
        th,td{padding:.6rem .4rem;border-top:1px solid var(--line);vertical-align:top}
        thead th{border-top:0}
        .amount{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
        .minus{color:var(--minus)}
        tr.total td{font-weight:600;border-top:2px solid var(--ink)}
        code{font:.85em/1.4 ui-monospace,Consolas,monospace;overflow-wrap:anywhere}
        details{font-size:.9rem}
        summary{cursor:pointer;color:var(--soft)}
        button,input{font:inherit;padding:.35rem .9rem;border-radius:.5rem;border:1px solid var(--line);\
        background:var(--paper);color:inherit}
        button{border-color:var(--mark);color:var(--mark);cursor:pointer}
        @media print{body{background:#fff}.card{border:0;padding:0}form{display:none}}
        """
}
