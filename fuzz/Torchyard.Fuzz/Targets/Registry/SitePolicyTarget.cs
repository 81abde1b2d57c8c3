using System.Text;
using Torchyard.Registry.Copying;
using Torchyard.Registry.Policies;

namespace Torchyard.Fuzz.Targets.Registry;

internal sealed class SitePolicyTarget : TextTarget
{
    public override string Name => "site-policy";

    public override string Input => "policies of a site, what signatures say, and places that images are copied from";

    public override IReadOnlyList<string> Words =>
        [
            "[[allow]]\nmatch = \"ghcr.io/team\"\nkeys = [\"/a.pub\"]\n",
            "local = false\n",
            "digest = true\n",
            "{\"critical\":{\"type\":\"cosign container image signature\",\"image\":{\"docker-manifest-digest\":\"sha256:",
            "oci-archive:a.tar:1",
            "docker://",
            "store:",
        ];

    protected override object? Parse(string text)
    {
        var content = Encoding.UTF8.GetBytes(text);
        var rules = Attempt(() => SitePolicy.Parse(content, "policy.toml").Rules.Count);
        var place = Attempt(() => CopyPlace.Parse(text, static path => path).Transport);
        return $"{rules} {place} {CosignSignature.Named(content)}";
    }

    private static string Attempt<T>(Func<T> read)
    {
        try
        {
            return $"{read()}";
        }
        catch (TorchyardException failure)
        {
            return failure.Code;
        }
    }
}
