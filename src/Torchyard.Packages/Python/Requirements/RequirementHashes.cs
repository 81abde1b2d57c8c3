using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>Hashes of requirement files: those of a line, and what pip asks of all lines when one has any.</summary>
/// <param name="into">What is read.</param>
internal sealed class RequirementHashes(RequirementSet into)
{
    private readonly List<RequirementLine> _ofFiles = [];
    private SourceLocation? _first;
    private SourceLocation? _asked;

    /// <summary>The hashes of a line, by its options.</summary>
    /// <exception cref="TorchyardException">TY2512, TY2530, TY2531.</exception>
    public static List<Digest> Read(WrittenLine line, IReadOnlyList<WrittenOption> options)
    {
        var hashes = new List<Digest>();
        WrittenOption? last = null;
        foreach (var option in options)
        {
            var place = line.At(option.At);
            switch (option.Option)
            {
                case PipOption.Hash:
                    last = option;
                    var (algorithm, digest) = option.Value.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon
                        ? (option.Value[..colon], option.Value[(colon + 1)..])
                        : throw RequirementProblem.Wrong(
                            line.At(option.ValueAt),
                            $"'{option.Value}' is not a hash",
                            "write --hash=sha256: and 64 hexadecimal digits"
                        );
                    if (algorithm is not ("sha256" or "sha384" or "sha512"))
                    {
                        throw RequirementProblem.Wrong(
                            place,
                            $"a hash by '{algorithm}' is not accepted, neither by pip",
                            "write --hash=sha256: and 64 hexadecimal digits"
                        );
                    }

                    if (algorithm == "sha256")
                    {
                        hashes.Add(
                            Digest.TryParse(option.Value.ToLowerInvariant(), out var sha256) && digest.Length == 64
                                ? sha256
                                : throw RequirementProblem.Wrong(
                                    line.At(option.ValueAt),
                                    $"'{option.Value}' is not a SHA-256",
                                    "write --hash=sha256: and 64 hexadecimal digits"
                                )
                        );
                    }

                    break;
                case PipOption.NoBinary or PipOption.OnlyBinary:
                    break;
                case PipOption.ConfigSettings or PipOption.GlobalOption:
                    throw RefusedOption.Build(option, place);
                default:
                    throw RequirementProblem.Dropped(
                        place,
                        $"{option.Name} stands behind a requirement, where pip leaves it out without a word",
                        "write it on a line of its own"
                    );
            }
        }

        return hashes.Count == 0 && last is not null
            ? throw RequirementProblem.Refused(
                line.At(last.At),
                "none of the hashes is a SHA-256, which indexes give",
                "add the file's --hash=sha256:…"
            )
            : hashes;
    }

    /// <summary>Notes <c>--require-hashes</c>.</summary>
    public void Ask(SourceLocation place) => _asked ??= place;

    /// <summary>Notes that a line has a hash.</summary>
    public void Note(SourceLocation? place) => _first ??= place;

    /// <summary>Notes a requirement of a file.</summary>
    public void Add(RequirementLine line) => _ofFiles.Add(line);

    /// <summary>When hashes are asked for, or a line of a file has one, every line must be pinned and have one, as with pip.</summary>
    /// <exception cref="TorchyardException">TY2532.</exception>
    public void Check()
    {
        if ((_asked ?? _first) is not { } why)
        {
            return;
        }

        // What the recipe names itself is its own, unless a file asks for hashes outright.
        var lines = _asked is null ? _ofFiles : into.Requirements;
        foreach (var line in lines)
        {
            var name = line.Requirement?.Name.Normal ?? line.WrittenPath ?? line.Url?.Segments[^1] ?? line.Source?.Shown;
            var isPinned =
                line.IsDirect
                || line.Requirement!.Versions.Clauses
                    is [{ Operator: Versions.VersionOperator.Equal or Versions.VersionOperator.Identical }];
            if (line.Hashes.Count == 0 || !isPinned)
            {
                throw RequirementProblem.Of(
                    "TY2532",
                    line.Place,
                    line.Hashes.Count == 0
                        ? $"{name} has no hash, and {why} {(_asked is null ? "has one" : "asks for hashes")}, so that every "
                            + "line must have one"
                        : $"{name} has a hash, but is not pinned to one version",
                    line.Hashes.Count == 0
                        ? "add ==VERSION --hash=sha256:… to it (pip-compile --generate-hashes writes them, 'pip hash FILE' tells that of "
                            + "a file), or remove the hashes from all lines"
                        : "write ==VERSION"
                );
            }
        }

        into.RequiresHashes = _asked is not null || _ofFiles.Count == into.Requirements.Count;
    }
}
