using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>
/// Reads the options of a line as pip does, with <c>shlex</c> and <c>optparse</c>: values after a blank or '=', short options with their
/// value attached, long ones shortened as long as they are not ambiguous.
/// </summary>
internal static class RequirementOptions
{
    private static readonly (PipOption Option, bool HasValue, string[] Names)[] Known =
    [
        (PipOption.IndexUrl, true, ["-i", "--index-url", "--pypi-url"]),
        (PipOption.ExtraIndexUrl, true, ["--extra-index-url"]),
        (PipOption.NoIndex, false, ["--no-index"]),
        (PipOption.Constraint, true, ["-c", "--constraint"]),
        (PipOption.Requirement, true, ["-r", "--requirement"]),
        (PipOption.Editable, true, ["-e", "--editable"]),
        (PipOption.FindLinks, true, ["-f", "--find-links"]),
        (PipOption.NoBinary, true, ["--no-binary"]),
        (PipOption.OnlyBinary, true, ["--only-binary"]),
        (PipOption.PreferBinary, false, ["--prefer-binary"]),
        (PipOption.RequireHashes, false, ["--require-hashes"]),
        (PipOption.Pre, false, ["--pre"]),
        (PipOption.TrustedHost, true, ["--trusted-host"]),
        (PipOption.UseFeature, true, ["--use-feature"]),
        (PipOption.GlobalOption, true, ["--global-option"]),
        (PipOption.Hash, true, ["--hash"]),
        (PipOption.ConfigSettings, true, ["-C", "--config-settings"]),
    ];

    /// <summary>
    /// Where the options of a line begin: at the first word, after a blank, that begins with '-'. Before it stands the requirement.
    /// </summary>
    public static int Start(string text)
    {
        for (var at = 0; at >= 0 && at < text.Length; at = text.IndexOf(' ', at) is >= 0 and var blank ? blank + 1 : -1)
        {
            if (text[at] == '-')
            {
                return at;
            }
        }

        return text.Length;
    }

    /// <summary>Reads the options from a place on.</summary>
    /// <exception cref="TorchyardException">TY2512: what is not an option of pip, or lacks its value; TY2531: a word that pip would leave
    /// out without saying so.</exception>
    public static IReadOnlyList<WrittenOption> Read(WrittenLine line, int start)
    {
        if (!ShellWords.TrySplit(line.Text, start, out var words, out var wrong))
        {
            throw RequirementProblem.Wrong(
                line.At(wrong),
                line.Text[wrong] == '\\' ? "a backslash with nothing behind it" : "a quote that is not closed",
                "close the quote; a backslash before it makes it a plain character"
            );
        }

        var options = new List<WrittenOption>();
        for (var i = 0; i < words.Count; i++)
        {
            var (word, at) = words[i];
            if (word.Length < 2 || word[0] != '-' || word == "--")
            {
                throw RequirementProblem.Dropped(
                    line.At(at),
                    $"'{word}' stands after an option, where pip leaves it out without a word",
                    "write it on a line of its own, or remove it"
                );
            }

            if (word[1] == '-')
            {
                var equals = word.IndexOf('=', StringComparison.Ordinal);
                var (option, hasValue, name) = Find(line, at, equals < 0 ? word : word[..equals]);
                if (!hasValue && equals >= 0)
                {
                    throw RequirementProblem.Wrong(line.At(at), $"{name} takes no value", $"write {name} alone");
                }

                options.Add(
                    !hasValue
                        ? new WrittenOption
                        {
                            Option = option,
                            Name = name,
                            Value = "",
                            At = at,
                            ValueAt = at,
                        }
                    : equals >= 0
                        ? new WrittenOption
                        {
                            Option = option,
                            Name = name,
                            Value = word[(equals + 1)..],
                            At = at,
                            ValueAt = at + equals + 1,
                        }
                    : Next(option, name, ref i)
                );
                continue;
            }

            // Of the short ones all have a value, which may follow at once.
            var (shortOption, _, shortName) = Find(line, at, word[..2]);
            options.Add(
                word.Length > 2
                    ? new WrittenOption
                    {
                        Option = shortOption,
                        Name = shortName,
                        Value = word[2..],
                        At = at,
                        ValueAt = at + 2,
                    }
                    : Next(shortOption, shortName, ref i)
            );
        }

        return options;

        WrittenOption Next(PipOption option, string name, ref int i)
        {
            var at = words[i].At;
            return ++i < words.Count
                ? new WrittenOption
                {
                    Option = option,
                    Name = name,
                    Value = words[i].Word,
                    At = at,
                    ValueAt = words[i].At,
                }
                : throw RequirementProblem.Wrong(line.At(at), $"{name} needs a value", $"write {name} and its value on one line");
        }
    }

    private static (PipOption Option, bool HasValue, string Name) Find(WrittenLine line, int at, string word)
    {
        var exact = Known.FirstOrDefault(one => one.Names.Contains(word));
        if (exact.Names is not null)
        {
            return (exact.Option, exact.HasValue, word);
        }

        var begun =
            word.Length > 2
                ? Known
                    .SelectMany(one => one.Names.Select(name => (one.Option, one.HasValue, Name: name)))
                    .Where(one => one.Name.StartsWith(word, StringComparison.Ordinal))
                    .ToList()
                : [];
        return begun.Count switch
        {
            1 => begun[0],
            0 => throw RequirementProblem.Wrong(
                line.At(at),
                $"pip has no option '{word}' in requirement files",
                "remove it, or move what it sets to [python] of the recipe"
            ),
            _ => throw RequirementProblem.Wrong(
                line.At(at),
                $"'{word}' may be {string.Join(" or ", begun.Select(one => one.Name))}",
                "write the option's whole name"
            ),
        };
    }
}
