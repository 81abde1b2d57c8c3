using System.Globalization;
using System.Net;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Mirrors;

/// <summary>What everybody may do who has no token.</summary>
public enum MirrorAccess
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Pull.</summary>
    Read,

    /// <summary>Pull, push and delete.</summary>
    Write,
}

/// <summary>How a mirror serves: what the program hands to the server's own binary, as words of its command line.</summary>
public sealed record MirrorOptions
{
    /// <summary>Port that registries have by custom.</summary>
    public const int UsualPort = 5000;

    /// <summary>Address and port to listen at.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>A second address and port, at which all names are Docker Hub's: docker says no registry. Null for none.</summary>
    public IPEndPoint? DockerListen { get; init; }

    /// <summary>Directory of all that it keeps.</summary>
    public required string Root { get; init; }

    /// <summary>Registries to fetch from what is not there; <c>http://</c> before those without TLS.</summary>
    public IReadOnlyList<string> Upstreams { get; init; } = [];

    /// <summary>Bytes that blobs may take; null for no limit.</summary>
    public long? Quota { get; init; }

    /// <summary>Nothing is taken, removed or fetched.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>What those may do who have no token.</summary>
    public MirrorAccess Anonymous { get; init; }

    /// <summary>File of its certificates in PEM form; null for no TLS.</summary>
    public string? Certificate { get; init; }

    /// <summary>File of its key.</summary>
    public string? Key { get; init; }

    /// <summary>Other machines may come without TLS.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>For how long a tag of an upstream is believed.</summary>
    public TimeSpan TagAge { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>File of the tokens.</summary>
    public string Tokens => Path.Combine(Root, "tokens.json");

    /// <summary>Its address.</summary>
    public string Address => $"{(Certificate is null ? "http" : "https")}://{Listen}/";

    /// <summary>As words for the server's binary.</summary>
    public IReadOnlyList<string> ToArguments()
    {
        var words = new List<string> { "--listen", Listen.ToString(), "--root", Root };
        foreach (var upstream in Upstreams)
        {
            words.AddRange(["--upstream", upstream]);
        }

        Add("--docker-listen", DockerListen?.ToString());
        Add("--quota", Quota?.ToString(CultureInfo.InvariantCulture));
        Add("--anonymous", Anonymous.ToString().ToLowerInvariant());
        Add("--cert", Certificate);
        Add("--key", Key);
        Add("--tag-age", ((long)TagAge.TotalSeconds).ToString(CultureInfo.InvariantCulture));
        words.AddRange(IsReadOnly ? ["--read-only"] : []);
        words.AddRange(IsInsecure ? ["--insecure"] : []);
        return words;

        void Add(string name, string? value) => words.AddRange(value is null ? [] : [name, value]);
    }

    /// <summary>Reads such words.</summary>
    /// <exception cref="FormatException">They are others: the two binaries are not of the same version.</exception>
    public static MirrorOptions OfArguments(IReadOnlyList<string> words)
    {
        ArgumentNullException.ThrowIfNull(words);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var upstreams = new List<string>();
        for (var at = 0; at < words.Count; at++)
        {
            switch (words[at])
            {
                case "--read-only" or "--insecure":
                    values[words[at]] = "";
                    break;
                case "--upstream" when at + 1 < words.Count:
                    upstreams.Add(words[++at]);
                    break;
                case "--listen"
                or "--docker-listen"
                or "--root"
                or "--quota"
                or "--anonymous"
                or "--cert"
                or "--key"
                or "--tag-age" when at + 1 < words.Count:
                    values[words[at]] = words[++at];
                    break;
                default:
                    throw new FormatException($"'{words[at]}' is not an option");
            }
        }

        return new MirrorOptions
        {
            Listen = IPEndPoint.Parse(values.GetValueOrDefault("--listen") ?? throw new FormatException("--listen is missing")),
            Root = values.GetValueOrDefault("--root") ?? throw new FormatException("--root is missing"),
            DockerListen = values.TryGetValue("--docker-listen", out var docker) ? IPEndPoint.Parse(docker) : null,
            Upstreams = upstreams,
            Quota = values.TryGetValue("--quota", out var quota) ? long.Parse(quota, CultureInfo.InvariantCulture) : null,
            Anonymous = Enum.Parse<MirrorAccess>(values.GetValueOrDefault("--anonymous", "none"), ignoreCase: true),
            Certificate = values.GetValueOrDefault("--cert"),
            Key = values.GetValueOrDefault("--key"),
            TagAge = TimeSpan.FromSeconds(long.Parse(values.GetValueOrDefault("--tag-age", "60"), CultureInfo.InvariantCulture)),
            IsReadOnly = values.ContainsKey("--read-only"),
            IsInsecure = values.ContainsKey("--insecure"),
        };
    }

    /// <summary>Refuses what would let strangers in unseen.</summary>
    /// <exception cref="TorchyardException">TY6040: other machines would come without TLS; TY6041: nobody could come at all.</exception>
    public void Require()
    {
        foreach (var listen in new[] { Listen, DockerListen ?? Listen })
        {
            if (!IPAddress.IsLoopback(listen.Address) && Certificate is null && !IsInsecure)
            {
                throw RegistryErrors.OpenMirror(listen.ToString());
            }
        }

        if ((Certificate is null) != (Key is null))
        {
            throw RegistryErrors.HalfCertificate(Certificate is null ? "--cert" : "--key");
        }

        if (Anonymous == MirrorAccess.None && MirrorTokens.Read(Tokens).Count == 0)
        {
            throw RegistryErrors.NoTokens(Tokens);
        }
    }
}
