using Torchyard.Packages.Python.Markers;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Toml;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>A requirement of a <c>pyproject.toml</c> with its line.</summary>
/// <param name="Text">As pip takes it.</param>
/// <param name="Written">As the file has it.</param>
/// <param name="Line">From 1.</param>
public sealed record ProjectRequirement(string Text, string Written, int Line);

/// <summary>
/// What a <c>pyproject.toml</c> says about the packages of a project, in the words of the standards (PEP 621, PEP 735), of uv and of
/// Poetry. Nothing is built, so what only a build backend knows is not known.
/// </summary>
public sealed class ForeignProject
{
    private const string Code = "TY1050";
    private const int MostItems = 50_000;

    // Keys of uv (docs.astral.sh/uv/reference/settings) that change the answer, but not what is asked for.
    private static readonly string[] ChangesAnswers =
    [
        "constraint-dependencies",
        "dependency-metadata",
        "exclude-dependencies",
        "exclude-newer",
        "find-links",
        "no-binary",
        "no-binary-package",
        "no-index",
        "override-dependencies",
        "prerelease",
        "resolution",
    ];

    private readonly string _file;
    private readonly List<ProjectRequirement> _requirements = [];
    private readonly List<RefusedLine> _refused = [];
    private readonly List<RefusedLine> _left = [];
    private readonly List<(string Url, int Line)> _indexes = [];
    private readonly List<string> _extras = [];
    private readonly List<string> _groups = [];
    private readonly Dictionary<string, string> _namedIndexes = new(StringComparer.Ordinal);

    private ForeignProject(string file) => _file = file;

    /// <summary>Name of the project; null where it has none.</summary>
    public string? Name { get; private set; }

    /// <summary>Python releases that it takes, as PEP 440 writes them; null where it does not say.</summary>
    public (string Versions, int Line)? Python { get; private set; }

    /// <summary>What it needs.</summary>
    public IReadOnlyList<ProjectRequirement> Requirements => _requirements;

    /// <summary>What of that cannot be taken.</summary>
    public IReadOnlyList<RefusedLine> Refused => _refused;

    /// <summary>What changes which versions come, but does not ask for one: nothing of a recipe stands for it.</summary>
    public IReadOnlyList<RefusedLine> Left => _left;

    /// <summary>Indexes that it names.</summary>
    public IReadOnlyList<(string Url, int Line)> Indexes => _indexes;

    /// <summary>Extras that it has and that are not taken.</summary>
    public IReadOnlyList<string> Extras => _extras;

    /// <summary>Dependency groups that it has and that are not taken.</summary>
    public IReadOnlyList<string> Groups => _groups;

    /// <summary>
    /// True when a recipe that names the file installs the same: its requirements are those of <c>[project]</c>, and nothing else changes
    /// where they come from.
    /// </summary>
    public bool IsPlain { get; private set; }

    /// <summary>Reads a file.</summary>
    /// <param name="content">UTF-8 bytes.</param>
    /// <param name="file">Its path for messages.</param>
    /// <exception cref="TorchyardException">TY1050: it is not TOML; TY1003: it gives a key twice.</exception>
    public static ForeignProject Parse(ReadOnlySpan<byte> content, string file)
    {
        var project = new ForeignProject(file);
        project.Read(TomlDocument.Parse(content, file, Code, "correct the file"));
        return project;
    }

    private void Read(TomlTable document)
    {
        var tool = Find(document, "tool") as TomlTable;
        var uv = tool is null ? null : Find(tool, "uv") as TomlTable;
        var poetry = tool is null ? null : Find(tool, "poetry") as TomlTable;
        if (uv is not null)
        {
            ReadUvIndexes(uv);
        }

        if (poetry is not null)
        {
            ReadPoetrySources(poetry);
        }

        if (Find(document, "project") is TomlTable project)
        {
            ReadProject(project, uv is null ? null : Find(uv, "sources") as TomlTable);
        }

        if (poetry is not null)
        {
            ReadPoetry(poetry);
        }

        if (Find(document, "dependency-groups") is TomlTable groups)
        {
            _groups.AddRange(groups.Entries.Keys);
        }

        if (uv is not null && Find(uv, "dev-dependencies") is not null)
        {
            _groups.Add("dev (tool.uv.dev-dependencies)");
        }
    }

    private void ReadProject(TomlTable project, TomlTable? sources)
    {
        Name = (Find(project, "name") as TomlString)?.Value;
        if (Find(project, "requires-python") is TomlString python)
        {
            Python = (python.Value, python.Line);
        }

        if (Find(project, "optional-dependencies") is TomlTable extras)
        {
            _extras.AddRange(extras.Entries.Keys);
        }

        var isDynamic = false;
        foreach (var field in Items(Find(project, "dynamic")).OfType<TomlString>().Where(field => field.Value == "dependencies"))
        {
            isDynamic = true;
            Refuse("dynamic = [\"dependencies\"]", field, "only its build backend knows what it needs", "write them to a requirement file");
        }

        IsPlain = !isDynamic && Name is not null && _namedIndexes.Count == 0;
        foreach (var item in Items(Find(project, "dependencies")))
        {
            if (item is not TomlString text)
            {
                Refuse(item.Kind, item, "a requirement is a text", "write it as \"name>=1\"");
                IsPlain = false;
                continue;
            }

            var name = new string([.. text.Value.Trim().TakeWhile(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')]);
            if (sources is not null && Source(sources, name) is { } source)
            {
                IsPlain = false;
                AddUv(name, text, source);
            }
            else
            {
                Add(text.Value, text.Value, text);
            }
        }
    }

    private static TomlNode? Source(TomlTable sources, string name) =>
        ProjectName.TryParse(name, out var wanted)
            ? sources.Entries.FirstOrDefault(entry => ProjectName.TryParse(entry.Key, out var given) && given == wanted).Value?.Value
            : null;

    // docs.astral.sh/uv/concepts/projects/dependencies: where a requirement comes from.
    private void AddUv(string name, TomlString text, TomlNode source)
    {
        if (source is not TomlTable table)
        {
            Add(text.Value, text.Value, text);
            foreach (var index in Items(source).OfType<TomlTable>().Where(one => Find(one, "index") is not null))
            {
                AddNamedIndex(name, index);
            }

            if (Items(source).Any(item => item is not TomlTable one || Find(one, "index") is null))
            {
                Refuse(name, source, "tool.uv.sources has several sources for it, by platform", "choose one in the recipe");
            }

            return;
        }

        var extras =
            text.Value[name.Length..].TrimStart() is ['[', ..] rest && rest.IndexOf(']') is > 0 and var end ? rest[..(end + 1)] : "";
        var marker = text.Value.IndexOf(';', StringComparison.Ordinal) is >= 0 and var semicolon ? " " + text.Value[semicolon..] : "";
        if (Text(table, "git") is { } repository)
        {
            var revision = Text(table, "rev") ?? Text(table, "tag") ?? Text(table, "branch");
            var url = $"git+{repository}{(revision is null ? "" : "@" + revision)}{Subdirectory(table)}";
            Add($"{name}{extras} @ {url}{marker}", text.Value, text);
        }
        else if (Text(table, "url") is { } url)
        {
            Add($"{name}{extras} @ {url}{marker}", text.Value, text);
        }
        else if (Find(table, "index") is not null)
        {
            Add(text.Value, text.Value, text);
            AddNamedIndex(name, table);
        }
        else
        {
            Refuse(
                text.Value,
                text,
                "tool.uv.sources takes it from a directory of the machine",
                "build a wheel of it and name that: \"./dist/NAME-VERSION-py3-none-any.whl\""
            );
        }
    }

    private void AddNamedIndex(string name, TomlTable source)
    {
        if (Text(source, "index") is { } index && _namedIndexes.TryGetValue(index, out var url))
        {
            if (_indexes.All(one => one.Url != url))
            {
                _indexes.Add((url, source.Line));
            }
        }
        else
        {
            Refuse(name, source, "tool.uv.sources names an index that is not there", "add [[tool.uv.index]] with that name");
        }
    }

    private void ReadUvIndexes(TomlTable uv)
    {
        foreach (var index in Items(Find(uv, "index")).OfType<TomlTable>())
        {
            if (Text(index, "url") is not { } url)
            {
                Leave("[[tool.uv.index]]", index, "it has no url");
                continue;
            }

            if (Text(index, "name") is { } name)
            {
                _namedIndexes[name] = url;
            }
            else
            {
                _namedIndexes[url] = url;
            }

            // One that is explicit is asked for what names it alone.
            if (Find(index, "explicit") is not TomlBoolean { Value: true })
            {
                _indexes.Add((url, index.Line));
            }
        }

        foreach (var (key, entry) in uv.Entries.Where(entry => ChangesAnswers.Contains(entry.Key)))
        {
            Leave(
                $"tool.uv.{key}",
                entry.Value,
                "a recipe has nothing of that kind; a requirement or constraint file of [python] may say it"
            );
        }

        foreach (var key in new[] { "index-url", "extra-index-url" })
        {
            foreach (var url in Items(Find(uv, key)).OfType<TomlString>())
            {
                _namedIndexes[url.Value] = url.Value;
                _indexes.Add((url.Value, url.Line));
            }
        }
    }

    private void ReadPoetrySources(TomlTable poetry)
    {
        foreach (var source in Items(Find(poetry, "source")).OfType<TomlTable>())
        {
            if (Text(source, "url") is { } url)
            {
                _namedIndexes[Text(source, "name") ?? url] = url;
                _indexes.Add((url, source.Line));
            }
        }
    }

    private void ReadPoetry(TomlTable poetry)
    {
        Name ??= Text(poetry, "name");
        if (Find(poetry, "extras") is TomlTable extras)
        {
            _extras.AddRange(extras.Entries.Keys);
        }

        if (Find(poetry, "group") is TomlTable groups)
        {
            _groups.AddRange(groups.Entries.Keys);
        }

        if (Find(poetry, "dev-dependencies") is not null)
        {
            _groups.Add("dev (tool.poetry.dev-dependencies)");
        }

        // Where [project] has the requirements, these lines only say where they come from.
        if (Find(poetry, "dependencies") is not TomlTable dependencies || _requirements.Count > 0)
        {
            return;
        }

        IsPlain = false;
        foreach (var (name, entry) in dependencies.Entries)
        {
            if (name == "python")
            {
                if (entry.Value is TomlString range && PoetryVersions.Translate(range.Value) is { } versions)
                {
                    Python ??= versions.Length > 0 ? (versions, entry.Line) : null;
                }
                else
                {
                    Leave("python", entry.Value, "its versions cannot be written as one range");
                }

                continue;
            }

            foreach (var value in entry.Value is TomlArray several ? several.Items : [entry.Value])
            {
                AddPoetry(name, value, entry.Line);
            }
        }
    }

    // python-poetry.org/docs/dependency-specification.
    private void AddPoetry(string name, TomlNode value, int line)
    {
        if (value is TomlString text)
        {
            AddPoetryVersion(name, "", text.Value, "", text, line);
            return;
        }

        if (value is not TomlTable table)
        {
            Refuse(name, value, $"{value.Kind} where a version must be", "write the requirement into the recipe");
            return;
        }

        if (Find(table, "optional") is TomlBoolean { Value: true })
        {
            Refuse(name, value, "it is optional, for an extra", "add it to the recipe if you need it");
            return;
        }

        var extras = Items(Find(table, "extras")).OfType<TomlString>().Select(extra => extra.Value).ToList();
        var suffix = extras.Count == 0 ? "" : $"[{string.Join(',', extras)}]";
        var marker = Text(table, "markers") ?? "";
        if (Text(table, "git") is { } repository)
        {
            var revision = Text(table, "rev") ?? Text(table, "tag") ?? Text(table, "branch");
            var url = $"git+{repository}{(revision is null ? "" : "@" + revision)}{Subdirectory(table)}";
            Add($"{name}{suffix} @ {url}{(marker.Length == 0 ? "" : " ; " + marker)}", name, line);
        }
        else if (Text(table, "url") is { } url)
        {
            Add($"{name}{suffix} @ {url}{(marker.Length == 0 ? "" : " ; " + marker)}", name, line);
        }
        else if (Text(table, "version") is { } version)
        {
            if (Text(table, "python") is { } python)
            {
                var versions = PoetryVersions.Translate(python);
                var conditions = (versions ?? "")
                    .Split(',', StringSplitOptions.RemoveEmptyEntries)
                    .Select(clause => (Clause: clause, At: Math.Max(0, clause.AsSpan().IndexOfAnyExcept("<>=!~"))))
                    .Select(one => $"python_version {one.Clause[..one.At]} \"{one.Clause[one.At..]}\"");
                marker = string.Join(" and ", conditions.Concat(marker.Length == 0 ? [] : [$"({marker})"]));
            }

            AddPoetryVersion(name, suffix, version, marker, table, line);
        }
        else
        {
            Refuse(name, value, "it is a directory of the machine", "build a wheel of it and name that");
        }
    }

    private void AddPoetryVersion(string name, string extras, string written, string marker, TomlNode at, int line)
    {
        if (PoetryVersions.Translate(written) is { } versions)
        {
            Add($"{name}{extras}{versions}{(marker.Length == 0 ? "" : "; " + marker)}", $"{name} = \"{written}\"", line);
        }
        else
        {
            Refuse($"{name} = \"{written}\"", at, "its versions cannot be written as one range", "write the requirement into the recipe");
        }
    }

    private static string Subdirectory(TomlTable table) => Text(table, "subdirectory") is { } directory ? $"#subdirectory={directory}" : "";

    private void Add(string text, string written, TomlNode at) => Add(text, written, at.Line);

    private void Add(string text, string written, int line)
    {
        if (_requirements.Count < MostItems)
        {
            _requirements.Add(new ProjectRequirement(text, written, line));
        }
    }

    private void Refuse(string text, TomlNode at, string why, string cure) =>
        _refused.Add(new RefusedLine(text, new SourceLocation(_file, Math.Max(1, at.Line), Math.Max(1, at.Column)), why, cure));

    private void Leave(string text, TomlNode at, string why) =>
        _left.Add(new RefusedLine(text, new SourceLocation(_file, Math.Max(1, at.Line), Math.Max(1, at.Column)), why, ""));

    private static string? Text(TomlTable table, string key) => (Find(table, key) as TomlString)?.Value;

    private static List<TomlNode> Items(TomlNode? node) =>
        node switch
        {
            null => [],
            TomlArray array => [.. array.Items],
            _ => [node],
        };

    private static TomlNode? Find(TomlTable table, string key) => table.Entries.TryGetValue(key, out var entry) ? entry.Value : null;
}
