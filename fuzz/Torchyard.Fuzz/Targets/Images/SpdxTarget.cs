using Torchyard.Images.Sbom;

namespace Torchyard.Fuzz.Targets.Images;

internal sealed class SpdxTarget : FuzzTarget
{
    public override string Name => "spdx";

    public override string Input => "bills of materials that came with a pulled image";

    public override IReadOnlyList<string> Words =>
        [
            "\"packages\":[",
            "\"name\":\"torch\"",
            "\"versionInfo\":\"2.11.0\"",
            "\"externalRefs\":[{\"referenceType\":\"purl\",\"referenceLocator\":\"pkg:pypi/torch@2.11.0\"}]",
            "pkg:/",
            "null",
        ];

    public override object? Parse(byte[] input)
    {
        var software = SpdxReader.Read(input, "an SBOM");
        Require(software.All(one => one is { Kind: not null, Name: not null, Version: not null }), "a package without a name or version");
        return software;
    }
}
