using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Torchyard.Platform.Text;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary>Checks of single values. Each returns the value, or throws an error at its place in the file.</summary>
internal static partial class RecipeChecks
{
    // Ports of Debian that there is a build of PyTorch for.
    private static readonly string[] Architectures = ["amd64", "arm64"];

    public static string Name(TomlTableReader table, string name) =>
        name.Length <= 63 && NamePattern().IsMatch(name)
            ? name
            : throw table.Wrong(
                "name",
                $"'{name}' cannot be the name of an image",
                "use at most 63 lower-case letters, digits and single '-', '_' or '.' between them, such as \"my-project\""
            );

    public static string Suite(TomlTableReader table, string key, string suite) =>
        SuitePattern().IsMatch(suite)
            ? suite
            : throw table.Wrong(key, $"'{suite}' cannot be a suite of Debian", "write a codename such as \"trixie\"");

    /// <summary>Name of an image, with a digest or without one; which there are only the store knows.</summary>
    public static string? BaseImage(TomlTableReader table, string? image) =>
        image is null || (image.Length <= 512 && ImagePattern().IsMatch(image))
            ? image
            : throw table.Wrong(
                "image",
                $"'{VisibleText.Of(image)}' cannot be an image",
                "write a name that 'torchyard images' shows, such as \"mytools:latest\", or NAME@sha256:DIGEST",
                "TY1019"
            );

    public static string Architecture(TomlTableReader table, string architecture)
    {
        if (Architectures.Contains(architecture))
        {
            return architecture;
        }

        var meant = architecture switch
        {
            "x86_64" or "x64" => "amd64",
            "aarch64" => "arm64",
            _ => NearestName.Find(architecture, Architectures),
        };
        throw table.Wrong(
            "architecture",
            $"there is no architecture '{architecture}' here",
            meant is null ? "write \"amd64\" or \"arm64\"" : $"write \"{meant}\""
        );
    }

    public static IReadOnlyList<string> Components(TomlTableReader table, IReadOnlyList<string> components)
    {
        for (var i = 0; i < components.Count; i++)
        {
            if (!ComponentPattern().IsMatch(components[i]))
            {
                throw table.WrongItem(
                    "components",
                    i,
                    $"'{components[i]}' cannot be a component",
                    "use main, contrib, non-free or non-free-firmware"
                );
            }
        }

        return components.Count > 0
            ? components
            : throw table.Wrong("components", "no component is named", "write components = [\"main\"]");
    }

    public static IReadOnlyList<string> Urls(TomlTableReader table, string key, IReadOnlyList<string> urls)
    {
        for (var i = 0; i < urls.Count; i++)
        {
            if (urls[i].Contains("${", StringComparison.Ordinal))
            {
                throw table.WrongItem(
                    key,
                    i,
                    "a variable in the URL would send something of your environment to a server, and recipes are shared",
                    "write the address itself; the machine's own settings (apt's auth.conf, pip's configuration, netrc) give credentials",
                    "TY1042"
                );
            }

            if (!UrlText.TryRead(urls[i], out var url) || url.Scheme is not ("http" or "https" or "file"))
            {
                throw table.WrongItem(
                    key,
                    i,
                    $"'{urls[i]}' is not an http, https or file URL",
                    "write a whole URL such as \"http://deb.debian.org/debian\""
                );
            }

            if (url.UserInfo.Length > 0 || UrlText.HoldsSecret(urls[i]))
            {
                throw table.WrongItem(
                    key,
                    i,
                    "the URL holds a password or token, and recipes are shared",
                    "take it out; the machine's own settings (apt's auth.conf, pip's configuration, netrc) give credentials"
                );
            }
        }

        return urls;
    }

    public static string? Snapshot(TomlTableReader table, string? stamp) =>
        stamp is null
        || DateTime.TryParseExact(stamp, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _)
            ? stamp
            : throw table.Wrong("snapshot", $"'{stamp}' is not a time stamp of snapshot.debian.org", "write it as \"20260102T030405Z\"");

    public static int? Port(TomlTableReader table)
    {
        var port = table.Whole("port", 0, 65535);
        return port is > 0 and < 1024
            ? throw table.Wrong(
                "port",
                $"port {port} is for root only, and the services run as an ordinary user",
                "use a port from 1024, or 0 for a free one"
            )
            : (int?)port;
    }

    public static string Listen(TomlTableReader table, string address) =>
        IPAddress.TryParse(address, out _)
            ? address
            : throw table.Wrong(
                "listen",
                $"'{address}' is not an IP address",
                "write \"127.0.0.1\" for this machine only, \"0.0.0.0\" for every interface, or the address of one interface"
            );

    public static string Tag(TomlTableReader table, string tag) =>
        TagPattern().IsMatch(tag)
            ? tag
            : throw table.Wrong(
                "tag",
                $"'{tag}' cannot be a tag",
                "use letters, digits, '_', '.' and '-', at most 128, such as \"latest\""
            );

    public static bool IsVariable(string name) => VariablePattern().IsMatch(name);

    public static IReadOnlyDictionary<string, string> Environment(TomlTableReader table, IReadOnlyDictionary<string, string> variables)
    {
        foreach (var (name, value) in variables)
        {
            if (!VariablePattern().IsMatch(name) || value.Contains('\0', StringComparison.Ordinal))
            {
                throw table.Wrong(
                    "environment",
                    $"'{name}' cannot be an environment variable",
                    "use letters, digits and '_', not beginning with a digit"
                );
            }
        }

        return variables;
    }

    public static IReadOnlyDictionary<string, string> Labels(TomlTableReader table, IReadOnlyDictionary<string, string> labels) =>
        labels.Keys.Any(string.IsNullOrWhiteSpace)
            ? throw table.Wrong("labels", "a label has no name", "give it a name such as \"org.example.team\"")
            : labels;

    /// <summary>As <see cref="Packages"/>, and paths of <c>.deb</c> files (<see cref="PackageFile"/>).</summary>
    public static IReadOnlyList<string> PackagesAndFiles(TomlTableReader table, IReadOnlyList<string> packages)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < packages.Count; i++)
        {
            var request = packages[i];
            if (!PackageFile.IsPath(request))
            {
                RequirePackage(table, "packages", i, request, seen);
            }
            else if (request.Any(char.IsControl) || request.StartsWith('~') || request.Contains("://", StringComparison.Ordinal))
            {
                throw table.WrongItem(
                    "packages",
                    i,
                    $"'{VisibleText.Of(request)}' is not a path of a package file",
                    "fetch the file into the project and name it there, such as \"./vendor/mytool_1.2_amd64.deb\"; of an archive with a "
                        + "key write [[archives]]",
                    "TY1008"
                );
            }
            else if (!seen.Add(request))
            {
                throw table.WrongItem("packages", i, $"the file '{request}' is named twice", "remove one of the two", "TY1008");
            }
        }

        return packages;
    }

    /// <summary>Debian package requests: <c>name</c>, <c>name:arch</c>, <c>name=version</c> (Debian Policy 5.6.1, 5.6.12).</summary>
    public static IReadOnlyList<string> Packages(TomlTableReader table, IReadOnlyList<string> packages, string key = "packages")
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < packages.Count; i++)
        {
            RequirePackage(table, key, i, packages[i], seen);
        }

        return packages;
    }

    private static void RequirePackage(TomlTableReader table, string key, int index, string request, HashSet<string> seen)
    {
        if (!IsPackage(request))
        {
            throw table.WrongItem(key, index, $"'{request}' is not a package request", CureFor(request, key), "TY1008");
        }

        if (!seen.Add(request.Split('=')[0]))
        {
            throw table.WrongItem(key, index, $"the package '{request.Split('=')[0]}' is named twice", "remove one of the two", "TY1008");
        }
    }

    /// <summary>True for what <see cref="Packages"/> takes.</summary>
    public static bool IsPackage(string request) =>
        PackagePattern().IsMatch(request) && !request.EndsWith(".deb", StringComparison.Ordinal);

    private static string CureFor(string request, string key)
    {
        if (request.EndsWith(".deb", StringComparison.Ordinal))
        {
            return key == "packages"
                ? $"a package file is written with a slash: \"./{request}\""
                : "name the package here, and its file among 'packages' or in an archive of [[archives]]";
        }

        if (request.Contains("==", StringComparison.Ordinal))
        {
            return $"Debian versions are pinned with one '=': \"{request.Replace("==", "=", StringComparison.Ordinal)}\"; requirements "
                + "of pip belong under [python]";
        }

        if (request.AsSpan().ContainsAny("<>!["))
        {
            return "pin one version as \"name=1.2-3\"; requirements of pip belong under [python]";
        }

        return request.Contains(' ', StringComparison.Ordinal)
            ? "one package for each text: [\"one\", \"two\"]"
            : "write \"name\", \"name:arch\" or \"name=version\", the name in lower case";
    }

    // distribution-spec, "Pulling manifests": a component of <name>.
    [GeneratedRegex(@"\A[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    // distribution-spec, "Pulling manifests": <name> and <reference>, behind the host and port of a registry.
    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._/-]*(?::[A-Za-z0-9._/-]+)*(?:@sha256:[0-9a-f]{64})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex ImagePattern();

    [GeneratedRegex(@"\A[a-z][a-z0-9.+-]*(?:/[a-z0-9.+-]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex SuitePattern();

    [GeneratedRegex(@"\A[a-z][a-z0-9-]*(?:/[a-z0-9-]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex ComponentPattern();

    // distribution-spec, "Pulling manifests": <reference> as a tag.
    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex TagPattern();

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex VariablePattern();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9+.-]+(?::[a-z0-9-]+)?(?:=(?:[0-9]+:)?[0-9][A-Za-z0-9.+~-]*)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex PackagePattern();
}
