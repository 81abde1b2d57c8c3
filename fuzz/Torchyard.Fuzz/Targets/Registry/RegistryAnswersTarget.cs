using System.Text;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Credentials;
using Torchyard.Registry.Documents;
using Torchyard.Registry.References;

namespace Torchyard.Fuzz.Targets.Registry;

internal sealed class RegistryAnswersTarget : TextTarget
{
    public override string Name => "registry-answers";

    public override string Input => "manifests, indexes, tokens and challenges of a registry, and files of logins";

    public override IReadOnlyList<string> Words =>
        [
            "{\"token\":\"a\",\"expires_in\":1e400}",
            "Bearer realm=\"https://a/\",service=\"b, c\"",
            "{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[{\"platform\":{}}]}",
            "{\"config\":{\"mediaType\":\"\",\"digest\":\"sha256:\",\"size\":-1},\"layers\":[null]}",
            "{\"auths\":{\"a\":{\"auth\":\"YTpi\"}},\"credsStore\":\"x\"}",
        ];

    protected override object? Parse(string text)
    {
        var content = Encoding.UTF8.GetBytes(text);
        var token = TokenAnswer.TryParse(content, DateTimeOffset.UnixEpoch)?.ToString();
        var challenges = string.Join(' ', Challenge.Read([text]).Select(one => one.Scheme));
        var logins = Attempt(() => AuthFile.Parse("auth.json", content).Logins.Count);
        var type = ManifestReader.TypeOf(content, null);
        var fetched = new FetchedManifest(content, Digest.Of(content), type ?? "");
        var chosen = Attempt(() => ManifestReader.Choose(fetched, new ImagePlatform("linux", "amd64", null), "registry", "image").Digest);
        var image = Attempt(() => ManifestReader.Read(fetched, "registry", "image").Manifest.Layers.Count);
        return $"{token} {challenges} {logins} {type} {chosen} {image}";
    }

    // Each reader refuses what the others take.
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
