using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Toml;
using Torchyard.Registry.References;

namespace Torchyard.Registry.Policies;

/// <summary>
/// Which images may be used on this machine: a file that its administrator alone writes. Without it all may; with it those that a rule
/// allows, and a file that cannot be read, or that somebody else may have written, allows none.
/// </summary>
public sealed record SitePolicy
{
    /// <summary>Where it is.</summary>
    public const string File = "/etc/torchyard/policy.toml";

    private const int MostBytes = 1 << 20;
    private const int MostRules = 1000;

    private const string Cure = "write [[allow]] tables with 'match', and 'digest' or 'keys' where they are wanted (docs/registry.md)";

    /// <summary>The file; null without one.</summary>
    public string? Path { get; private init; }

    /// <summary>Images without a registry in their name, made on this machine, may be started.</summary>
    public bool Local { get; private init; } = true;

    /// <summary>The rules, as they stand in the file.</summary>
    public IReadOnlyList<PolicyRule> Rules { get; private init; } = [];

    /// <summary>Reads the policy of this machine.</summary>
    /// <param name="path">The file.</param>
    /// <param name="owner">Whose it must be.</param>
    /// <exception cref="TorchyardException">TY6030: it cannot be used.</exception>
    public static SitePolicy Read(string path = File, uint owner = 0)
    {
        byte[]? content;
        try
        {
            if (FileFacts.Find(path) is not { } facts)
            {
                return new SitePolicy();
            }

            if (!facts.IsRegular || facts.User != owner || (facts.Permissions & (FileModes.GroupWrite | FileModes.OthersWrite)) != 0)
            {
                throw PolicyErrors.BadFile(path, "it must be a regular file of root's that nobody else may write");
            }

            content = RegularFile.TryRead(path, MostBytes);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw PolicyErrors.BadFile(path, failure.Message.TrimEnd('.'), failure);
        }

        return content is null ? new SitePolicy() : Parse(content, path);
    }

    /// <summary>Reads the text of a policy.</summary>
    /// <exception cref="TorchyardException">TY6030: it cannot be used.</exception>
    internal static SitePolicy Parse(ReadOnlySpan<byte> content, string path)
    {
        try
        {
            var reader = new TomlTableReader(
                TomlDocument.Parse(content, path, PolicyErrors.Code, Cure),
                "",
                path,
                new HashSet<string>(StringComparer.Ordinal)
            );
            var local = reader.Flag("local") ?? true;
            var rules = new List<PolicyRule>();
            foreach (var table in reader.Tables("allow"))
            {
                rules.Add(Rule(table));
                table.Finish();
            }

            reader.Finish();
            return rules.Count <= MostRules
                ? new SitePolicy
                {
                    Path = path,
                    Local = local,
                    Rules = rules,
                }
                : throw PolicyErrors.BadFile(path, $"it has more than {MostRules} rules");
        }
        catch (TorchyardException failure) when (failure.Code != PolicyErrors.Code)
        {
            throw new TorchyardException(PolicyErrors.Code, failure.Message, failure.Cure, failure);
        }
    }

    /// <summary>The rule for an image: the longest that fits; null without a policy.</summary>
    /// <exception cref="TorchyardException">TY6031: none allows it, or it wants a digest.</exception>
    public PolicyRule? Require(ImageReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        if (Path is null)
        {
            return null;
        }

        var rule = Rules.Where(rule => rule.Fits(reference.Name)).MaxBy(rule => rule.Match.Length)
            ?? throw PolicyErrors.NotAllowed(Path, reference.ToString());
        return rule.Digest && reference.Digest is null ? throw PolicyErrors.NoDigest(Path, reference.ToString()) : rule;
    }

    /// <summary>Refuses an image of this machine alone where the policy does.</summary>
    /// <exception cref="TorchyardException">TY6031.</exception>
    public void RequireLocal(string image)
    {
        if (!Local)
        {
            throw PolicyErrors.NotLocal(Path!, image);
        }
    }

    private static PolicyRule Rule(TomlTableReader table)
    {
        var match = table.RequiredText("match");
        var first = match.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash ? match[..slash] : match;
        var path = match.Length > first.Length ? match[(first.Length + 1)..] : null;
        if (
            match != "*"
            && (
                ImageReference.ParseRegistry(first) != first
                || path is { Length: 0 }
                || (path ?? "").Contains('*', StringComparison.Ordinal)
            )
        )
        {
            throw table.Wrong(
                "match",
                $"'{match}' is not the beginning of names of images",
                "write a registry, such as docker.io, or with a path, such as ghcr.io/team, or * for all",
                PolicyErrors.Code
            );
        }

        var keys = table.Texts("keys") ?? [];
        for (var index = 0; index < keys.Count; index++)
        {
            if (!keys[index].StartsWith('/'))
            {
                throw table.WrongItem("keys", index, $"'{keys[index]}' is not absolute", "write the whole path", PolicyErrors.Code);
            }
        }

        return new PolicyRule(match) { Digest = table.Flag("digest") ?? false, Keys = keys };
    }
}
