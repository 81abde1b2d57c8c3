using CsCheck;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Settings;
using Torchyard.Testing.Python;

namespace Torchyard.Packages.Tests.Python.Requirements;

/// <summary>
/// Requirement files compared with pip itself: what pip takes is taken and means the same, what pip refuses is refused. Refused beyond that
/// is only what has a code that says so: TY2514 (only Git), TY2530 (not done here), TY2531 (pip drops it without a word), TY2532 (hashes)
/// and TY2535 (the machine's kernel).
/// </summary>
public sealed class PipPeerTests
{
    private static readonly string[] Declared = ["TY2514", "TY2530", "TY2531", "TY2532", "TY2535"];

    private static readonly string[] Versions =
    [
        "0.9",
        "1",
        "1.0.1",
        "1.0.post1",
        "1.1a1",
        "1.1",
        "1.2+cu128",
        "1.2",
        "2.0",
        "2.0.dev1",
        "3.0rc1",
        "1!0.1",
    ];

    private static readonly MarkerEnvironment[] Environments =
    [
        MarkerEnvironment.CPythonOnLinux(PythonVersion.Parse("3.13.5")),
        MarkerEnvironment.CPythonOnLinux(PythonVersion.Parse("3.9.2"), "aarch64"),
    ];

    private static readonly string Sha = new('a', 64);

    [Fact]
    public async Task What_pip_reads_in_files_that_people_wrote_is_read_and_means_the_same() =>
        await HoldAsync([
            // Reported to pip's own trackers and to those of other tools, one kind a line.
            "name==1.0\t# comment after a tab\n",
            "-r\tother.txt\n",
            "-r \"other.txt\"\n",
            "-r'other.txt'\n",
            "-r 'with blank.txt'\n",
            "--requirement=other.txt\n",
            "--req other.txt\n",
            "--requireme other.txt\n",
            "-c other.txt\n",
            "--constraint 'other.txt'\n",
            "https://host/name-1.0-py3-none-any.whl; platform_system == \"Linux\"\n",
            "https://host/name-1.0-py3-none-any.whl; platform_system == \"Windows\"\n",
            "HTTPS://host/name-1.0-py3-none-any.whl\n",
            "https://host/name-1.0.tar.gz#egg=name\n",
            "https://host/name-1.0.tar.gz#egg=name&subdirectory=x\n",
            "git+https://host/name.git@main#egg=Na_me\n",
            "git+ssh://git@host/name.git\n",
            "name @ https://host/name-1.0-py3-none-any.whl; platform_system == \"Linux\"\n",
            "name @ https://host/name-1.0-py3-none-any.whl;python_version<'3.10'\n",
            "name@https://host/name-1.0-py3-none-any.whl\n",
            "name[x,Y_z]@https://host/name-1.0-py3-none-any.whl ; python_version>='3.10'\n",
            "name @ git+https://host/name.git\n",
            "name;\n",
            "name ; \n",
            "name[];\n",
            "pip# no space\n",
            "name ==1.0 #comment\n",
            "name\u00a0# no-break space\n",
            "name\u00a0==1\n",
            "name\f==1\n",
            "a\vb\n",
            "a\u2028b\n",
            "-f https://host/page.html\n",
            "--find-links=wheels\n",
            "--find-links wheels -f wheels\n",
            "--no-index\n",
            "--no-index\n--index-url https://host/simple\n",
            "--index-url https://a/simple --extra-index-url https://b/simple\n",
            "--extra-index-url https://b/simple --index-url https://a/simple\n",
            "--extra-index-url https://b/simple\n--index-url https://a/simple\n",
            "--extra-index-url=\"https://b/simple\"\n--pre\n",
            "-i https://a/simple\n-i https://b/simple\n",
            "--no-binary name,Other\n--only-binary :all:\n",
            "--only-binary :all:\n--no-binary name\n",
            "--no-binary :none:\n",
            "name==1 --no-binary name\n",
            "--prefer-binary\n--use-feature=fast-deps\n",
            "--use-feature=nothing\n",
            "--trusted-host host\n",
            "--require-hashes\n",
            $"name==1 --hash=sha256:{Sha}\n",
            $"name==1 --hash sha256:{Sha} --hash=sha512:{Sha}{Sha}\n",
            $"name==1 --hash=md5:{Sha[..32]}\n",
            $"name==1 \\\n    --hash=sha256:{Sha} \\\n    --hash=sha256:{new string('b', 64)}\nother==2 --hash=sha256:{Sha}\n",
            $"name==1 \"--hash=sha256:{Sha}\"\n",
            "name==1 --hash=sha256\n",
            "name==1 --config-settings=a=b\n",
            "name==1 --global-option=x\n",
            "name --pre\n",
            "-e .\n",
            "-e git+https://host/name.git#egg=name\n",
            "-e\n",
            "-r\n",
            "--index-url\n",
            "--pre=1\n",
            "--nothing\n",
            "-x\n",
            "--no name\n",
            "--\n",
            "-r 'other.txt\n",
            "-r other.txt rest\n",
            "-r other.txt -c other.txt\n",
            "tor\\\nch==1\n",
            "torch\\\n==1\\\n,<2\n",
            "\\\\torch\\\n==1\n",
            "torch \\\n# a comment ends it\n==1\n",
            "torch # comment \\\nother\n",
            "torch==1 \\ \n",
            "# comment\\\ntorch\n",
            "torch\\",
            "torch\r\nother\r\n",
            "torch\rother\r",
            "\ufefftorch\n",
            "./local-1.0-py3-none-any.whl\n",
            "./local-1.0-py3-none-any.whl[x]\n",
            "./local-1.0-py3-none-any.whl ; python_version > '3.10'\n",
            "local-1.0-py3-none-any.whl\n",
            "wheels/local-1.0-py3-none-any.whl\n",
            "./src\n",
            "src\n",
            "/etc/hostname\n",
            "name=1.0\n",
            "name 1.0\n",
            "name,>=1\n",
            "name>=1,,<2\n",
            "name (>=1,<2)\n",
            "name(>=1\n",
            "name [a] >= 1 , < 2\n",
            "name===1.0\n",
            "name==1.*\n",
            "name~=1\n",
            "name~=1.0\n",
            "name==1+cu128\n",
            "name==v1.0\n",
            "name== 1.0-1\n",
            "name==1.0.RC1\n",
            "name[a\n",
            "name[a,]\n",
            "name[a b]\n",
            "name[,a]\n",
            "-name\n",
            "na me\n",
            "näme\n",
            "name;python_version\n",
            "name;python_version>\"3\n",
            "name; os_name == 'posix' and\n",
            "name; (os_name == 'posix' or sys_platform == 'x') and not extra == 'y'\n",
            "name; python_version not in '2.7 3.9'\n",
            "name; 'linux' in sys_platform\n",
            "name; python_version >= '3.10'and os_name=='posix'\n",
            "name; os.name == 'posix'\n",
            "name; python_implementation == 'CPython'\n",
            "name; system == 'x'\n",
            "name; platform_release >= '4' and sys_platform == 'darwin'\n",
            "name; platform_release >= '4'\n",
            "ftp://host/name-1.0-py3-none-any.whl\n",
            "hg+https://host/name\n",
            "@ https://host/name-1.0-py3-none-any.whl\n",
            "name @\n",
            "",
        ]);

    [Fact]
    public async Task Files_of_random_pieces_are_read_as_pip_reads_them()
    {
        var seeds = new List<string>();
        Files.Sample(seeds.Add, iter: 400, threads: 1);
        await HoldAsync(seeds);
    }

    private static async Task HoldAsync(List<string> texts)
    {
        using var directory = new TemporaryDirectory();
        directory.Write("other.txt", "included==1\n");
        directory.Write("with blank.txt", "spaced\n");
        directory.Write("src/setup.py", "");
        new TestWheel("local", "1.0").WriteTo(directory.Path);
        new TestWheel("local", "1.0").WriteTo(Path.Combine(directory.Path, "wheels"));
        var files = new List<string>();
        foreach (var text in texts)
        {
            files.Add($"f{files.Count}.txt");
            directory.Write(files[^1], text);
        }

        var readings = await PipReadings.ReadAsync(directory.Path, files);
        var wrong = new List<string>();
        for (var i = 0; i < files.Count; i++)
        {
            if (Difference(directory.Path, files[i], readings[i]) is { } difference)
            {
                wrong.Add($"{System.Text.Json.JsonSerializer.Serialize(texts[i])}: {difference}");
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {files.Count}:\n{string.Join('\n', wrong.Take(40))}");
    }

    private static string? Difference(string directory, string file, PipReading pip)
    {
        RequirementSet set;
        try
        {
            set = RecipeRequirements.Read(new PythonSettings { Requirements = [file] }, directory, _ => null);
        }
        catch (TorchyardException refused)
        {
            // A file that is not there is found out later by pip.
            var isGone = pip.Lines.Any(line =>
                line.Url?.StartsWith("file:///", StringComparison.Ordinal) == true && !Path.Exists(new Uri(line.Url).LocalPath)
            );
            return pip.Refused is not null || isGone || Declared.Contains(refused.Code)
                ? refused.Location is null
                    ? "no place"
                    : null
                : $"pip takes it; {refused.Code} {refused.Message}";
        }

        if (pip.Refused is not null)
        {
            return $"pip refuses it: {pip.Refused}";
        }

        var ours = new List<string>();
        ours.AddRange(set.Requirements.Select(line => Show(line, false)).Concat(set.Constraints.Select(line => Show(line, true))));
        var theirs = pip.Lines.OrderBy(line => line.Constraint).Select(Show).ToList();
        return !ours.SequenceEqual(theirs) ? $"{string.Join(" | ", ours)} where pip has {string.Join(" | ", theirs)}"
            : !set.Indexes.Concat(set.ExtraIndexes).SequenceEqual(pip.Indexes) ? $"indexes where pip has {string.Join(' ', pip.Indexes)}"
            : !set.FindLinks.Concat(set.FindLinkPages.Select(page => page.OriginalString)).Order().SequenceEqual(pip.Links.Order())
                ? $"links where pip has {string.Join(' ', pip.Links)}"
            : (set.NoIndex, set.PreReleases) != (pip.NoIndex, pip.Pre) ? "flags"
            : !set.OnlyBinary.Order(StringComparer.Ordinal).SequenceEqual(pip.OnlyBinary.Where(name => name.Length > 0))
            || !set.NoBinary.Order(StringComparer.Ordinal).SequenceEqual(pip.NoBinary.Where(name => name.Length > 0))
                ? $"formats where pip has only {string.Join(' ', pip.OnlyBinary)}, no {string.Join(' ', pip.NoBinary)}"
            : null;
    }

    private static string Show(RequirementLine line, bool constraint)
    {
        var wheel = line.LocalWheel ?? line.Url?.AbsolutePath;
        var name = line.Requirement?.Name.Normal
            ?? (wheel is not null && WheelFileName.TryParse(wheel[(wheel.LastIndexOf('/') + 1)..], out var parsed) ? parsed.Name : null);
        var versions = line.IsDirect
            ? ""
            : string.Concat(
                Versions.Select(version => line.Requirement!.Versions.Contains(PythonVersion.Parse(version), preReleases: true) ? '1' : '0')
            );
        var url =
            line.LocalWheel is { } local ? "file://" + local
            : line.Source is { IsGit: true } git ? $"git+{git.Url.OriginalString}{(git.Revision is null ? "" : "@" + git.Revision)}"
            : (line.Url ?? line.Source?.Url)?.GetComponents(UriComponents.AbsoluteUri & ~UriComponents.Fragment, UriFormat.UriEscaped);
        return Show(
            name,
            line.Requirement?.Extras ?? line.Extras,
            versions,
            Environments.Select(line.Applies),
            url,
            line.Hashes.Select(hash => hash.Hex),
            constraint
        );
    }

    private static string Show(PipLine line) =>
        Show(
            line.Name,
            line.Extras,
            string.Concat(line.Versions.Select(holds => holds ? '1' : '0')),
            line.Applies,
            line.Url?.Replace("HTTPS:", "https:", StringComparison.Ordinal).Replace(" ", "%20", StringComparison.Ordinal),
            line.Hashes,
            line.Constraint
        );

    private static string Show(
        string? name,
        IEnumerable<string> extras,
        string versions,
        IEnumerable<bool> applies,
        string? url,
        IEnumerable<string> hashes,
        bool constraint
    ) =>
        $"{name}[{string.Join(',', extras.Distinct().Order(StringComparer.Ordinal))}]{versions} {string.Join(',', applies)} {url} "
        + $"{string.Join(',', hashes.Order(StringComparer.Ordinal))} {constraint}";

    private static Gen<string> OneOf(params string[] choices) => Gen.Int[0, choices.Length - 1].Select(i => choices[i]);

    private static Gen<string> Files =>
        Gen.Select(Line.Array[1, 4], OneOf("\n", "\n", "\r\n", "\r"), (lines, end) => string.Join(end, lines) + end);

    private static Gen<string> Blank => OneOf("", "", " ", "  ", "\t", " \t ", "\u00a0");

    private static Gen<string> Name => OneOf("name", "Na-me", "a.b_c", "x1", "numpy", "näme", "-x", "a b");

    private static Gen<string> Extras =>
        Gen.Select(Blank, OneOf("", "", "", "[x]", "[x,Y_y]", "[ x , y ]", "[]", "[x", "[x,]", "[x y]"), (blank, extras) =>
            extras.Length == 0 ? "" : blank + extras
        );

    private static Gen<string> Version =>
        OneOf("1", "1.0", "1.1", "2.0.dev1", "1.0.post1", "1.2+cu128", "v1.1", "1!0.1", "3.0RC1", "1.*", "1.0.*", "1..0", "x");

    private static Gen<string> Clause =>
        Gen.Select(OneOf("==", ">=", "<", "!=", "~=", "<=", ">"), Blank, Version, (comparison, blank, version) =>
                comparison + blank + version
            )
            // Before packaging 22 such clauses were strings that no version fits; pip drops them with its next releases.
            .Where(clause =>
                !clause.Contains("..", StringComparison.Ordinal)
                && !clause.EndsWith('x')
                && !(clause.EndsWith('*') && clause[0] is not ('=' or '!'))
                && !(clause.Contains('+') && clause[..2] is not ("==" or "!="))
                && !(clause.StartsWith("~=", StringComparison.Ordinal) && !clause.Contains('.'))
                && clause != "~=1!0.1"
                // pip takes the text before the last point for a prefix here, "v1", which no version has.
                && !(clause.StartsWith("~=", StringComparison.Ordinal) && clause.Contains('v'))
            );

    private static Gen<string> Specifier =>
        Gen.Select(Blank, Clause.Array[0, 2], Blank, OneOf("{0}", "{0}", "({0})"), (before, clauses, between, form) =>
            clauses.Length == 0 ? "" : before + string.Format(null, form, string.Join("," + between, clauses))
        );

    private static Gen<string> Comparison =>
        Gen.Select(
                OneOf(
                    "python_version",
                    "python_full_version",
                    "sys_platform",
                    "os_name",
                    "platform_machine",
                    "platform_system",
                    "implementation_name",
                    "extra",
                    "'3.9'",
                    "nothing"
                ),
                OneOf("==", "!=", ">=", "<", "in", "not in", "~"),
                OneOf("'3.9'", "\"3.10\"", "'linux'", "'Linux win32'", "'x86_64'", "\"posix", "python_version"),
                Blank,
                (left, comparison, right, blank) => $"{left} {comparison} {blank}{right}"
            )
            .Where(text => !text.StartsWith("'3.9'", StringComparison.Ordinal) || text.EndsWith("python_version", StringComparison.Ordinal))
            // Two variables are compared by no marker that anybody writes; how a version compares with a word changed between releases.
            .Where(text => text.StartsWith('\'') || !text.EndsWith("python_version", StringComparison.Ordinal))
            .Where(text => text.Contains("version", StringComparison.Ordinal) == text.Contains("3.", StringComparison.Ordinal));

    private static Gen<string> Marker =>
        Gen.Select(
            OneOf("", "", ";"),
            Blank,
            OneOf("{0}", "{0}", "{0} and {1}", "({0}) or {1}", "not {0}", "{0} or", "", "({0} or {1}) and {0}"),
            Comparison,
            Comparison,
            (separator, blank, form, one, other) => separator.Length == 0 ? "" : separator + blank + string.Format(null, form, one, other)
        );

    private static Gen<string> Comment => OneOf("", "", "", " # comment", "\t#comment", "\u00a0# x", " #", " # back \\");

    private static Gen<string> Hashes =>
        OneOf(
            "",
            "",
            "",
            "",
            $" --hash=sha256:{Sha}",
            $" --hash sha256:{Sha}",
            $"  \"--hash=sha256:{Sha}\"",
            " --hash",
            $"\t--hash=sha256:{Sha}",
            " --pre",
            " --no-binary x"
        );

    private static Gen<string> Url =>
        Gen.Select(
            OneOf(
                "https://host/a/name-1.0-py3-none-any.whl",
                "https://host/name-1.0.tar.gz",
                "git+https://host/name.git@v1",
                "git+https://host/name.git",
                "./local-1.0-py3-none-any.whl",
                "wheels/local-1.0-py3-none-any.whl"
            ),
            OneOf("", "", "", "#egg=name"),
            OneOf("", "", "; python_version < '3.10'", " ; python_version < '3.10'", "; os_name == 'x'"),
            (url, egg, marker) => (url.Contains(':') ? url + egg : url) + marker
        );

    private static Gen<string> Named =>
        Gen.Select(
            Name,
            Extras,
            OneOf(" @ ", "@", "@ ", " @"),
            OneOf("https://host/name-1.0-py3-none-any.whl", "git+https://host/name.git"),
            Marker,
            (name, extras, at, url, marker) => name + extras + at + url + marker
        );

    private static Gen<string> Option =>
        Gen.Select(
                OneOf(
                    "-r",
                    "-c",
                    "--requirement",
                    "--constraint",
                    "-f",
                    "--find-links",
                    "-i",
                    "--index-url",
                    "--extra-index-url",
                    "--no-binary",
                    "--only-binary",
                    "--pre",
                    "--no-index",
                    "--prefer-binary",
                    "--require-hashes",
                    "--trusted-host",
                    "--find",
                    "--pypi-url",
                    "--unknown"
                ),
                OneOf(" ", "=", "\t", "", "  ", " \u00a0"),
                OneOf(
                    "other.txt",
                    "'other.txt'",
                    "\"other.txt\"",
                    "oth\\er.txt",
                    "https://host/simple",
                    ":all:",
                    "name,Other_x",
                    "wheels",
                    "'open",
                    "",
                    ":none:"
                ),
                OneOf("", "", "", " --pre", " rest"),
                (option, between, value, rest) => option + between + value + rest
            )
            // A file that is not there and an index that is not a URL are found out later by pip; a file of a server is not fetched in this
            // test.
            .Where(text =>
                !(text.Length > 2 && text[1] != '-' && text[2] == '=')
                && (text.Contains("other.txt", StringComparison.Ordinal) || text.Contains("oth\\er", StringComparison.Ordinal))
                    == IsOf(text, "-r", "-c", "--requirement", "--constraint")
                && (
                    !IsOf(text, "-i", "--index-url", "--extra-index-url", "--pypi-url") || text.Contains("https:", StringComparison.Ordinal)
                )
                && !text.Contains('\u00a0')
                && (
                    !IsOf(text, "-f", "--find")
                    || text.Contains("wheels", StringComparison.Ordinal)
                    || text.Contains("https:", StringComparison.Ordinal)
                )
            );

    private static bool IsOf(string text, params string[] options) =>
        options.Any(option =>
            text.StartsWith(option, StringComparison.Ordinal) && !text.StartsWith("--require-hashes", StringComparison.Ordinal)
        );

    private static Gen<string> Plain =>
        Gen.Select(Name, Extras, Specifier, Marker, Hashes, (name, extras, versions, marker, hashes) =>
            name + extras + versions + marker + hashes
        );

    private static Gen<string> Line =>
        Gen.Select(
            Gen.OneOf(Plain, Plain, Plain, Url, Named, Option, Option, OneOf("", "# comment", "   ")),
            Comment,
            Blank,
            Gen.Int[0, 40],
            OneOf("", "", "", "\\\n", "\\\n  ", "\\\r\n"),
            (line, comment, blank, at, join) =>
                blank
                + (
                    join.Length == 0 || at >= line.Length || (at > 0 && "<>=!~".Contains(line[at - 1], StringComparison.Ordinal))
                        ? line
                        : line[..at] + join + line[at..]
                )
                + comment
        );
}
