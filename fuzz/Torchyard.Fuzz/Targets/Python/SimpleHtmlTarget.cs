using Torchyard.Packages.Python.Indexes;

namespace Torchyard.Fuzz.Targets.Python;

internal sealed class SimpleHtmlTarget : FuzzTarget
{
    public override string Name => "simple-html";

    public override string Input => "pages of Python indexes, HTML (PEP 503)";

    public override IReadOnlyList<string> Words =>
        [
            "<a href=\"a-1-py3-none-any.whl#sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\">a-1-py3-none-"
                + "any.whl</a>\n",
            "<base href=\"https://host.example/\">",
            "data-requires-python=\"&gt;=3.8\"",
            "data-yanked=\"\"",
            "data-dist-info-metadata=\"sha256=0\"",
            "data-core-metadata",
            "<!--",
            "-->",
            "<a ",
            "</a>",
            "href=",
            "&#x110000;",
            "&lt;",
            "'",
            "<script>",
        ];

    public override bool IsRefusal(Exception failure) => failure is InvalidDataException;

    public override object? Parse(byte[] input) =>
        SimpleJsonTarget.Judge(SimpleHtml.Parse(input, "a", new Uri("https://host.example/simple/a/")));
}
