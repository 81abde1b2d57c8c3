using System.Diagnostics.CodeAnalysis;

namespace Torchyard.Packages.Python.Markers;

/// <summary>
/// An environment marker such as <c>platform_system == "Linux" and extra == "all"</c>
/// ("Dependency specifiers", PEP 508; <c>extras</c> and <c>dependency_groups</c> from PEP 751).
/// </summary>
public sealed class Marker
{
    private readonly MarkerNode _root;

    internal Marker(MarkerNode root) => _root = root;

    /// <summary>
    /// True when it asks for <c>platform_release</c> or <c>platform_version</c>: of the kernel of the machine where pip runs, which says
    /// nothing about the machines that an image runs on.
    /// </summary>
    public bool AsksForKernel => _root.AsksForKernel;

    /// <summary>The marker with all that is the same on every Linux machine answered.</summary>
    public Marker OnLinux() => new(_root.Fold());

    /// <summary>A marker that holds where both do.</summary>
    public static Marker? And(Marker? one, Marker? other) =>
        one is null ? other
        : other is null ? one
        : new Marker(new MarkerAnd(one._root, other._root));

    /// <summary>Reads a marker; on failure <paramref name="error"/> says what was expected and at which character, from 1.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Marker? marker, [NotNullWhen(false)] out string? error) =>
        TryParse(text, out marker, out error, out _);

    /// <summary>As above; on failure <paramref name="at"/> is the index of the wrong character.</summary>
    internal static bool TryParse(string text, [NotNullWhen(true)] out Marker? marker, [NotNullWhen(false)] out string? error, out int at)
    {
        var reader = new MarkerReader(text, 0);
        marker = reader.TryReadAll(out var root, out error) ? new Marker(root) : null;
        at = reader.FailedAt;
        return error is null && marker is not null;
    }

    /// <summary>
    /// True when the marker holds. With extras it is judged once for each of them, as pip does, and holds if it holds for one;
    /// without, <c>extra</c> is empty.
    /// </summary>
    /// <param name="environment">Values of the interpreter.</param>
    /// <param name="extras">Extras asked for, in any spelling.</param>
    /// <param name="dependencyGroups">Dependency groups asked for (PEP 751 lock files only).</param>
    public bool Evaluate(
        MarkerEnvironment environment,
        IReadOnlyCollection<string>? extras = null,
        IReadOnlyCollection<string>? dependencyGroups = null
    )
    {
        var context = new MarkerContext(environment, Normalise(extras), Normalise(dependencyGroups), "");
        if (context.Extras.Count == 0)
        {
            return _root.Evaluate(context);
        }

        foreach (var extra in context.Extras)
        {
            if (_root.Evaluate(context with { Extra = extra }))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The marker in one spelling: double quotes, parentheses only where they are needed.</summary>
    public override string ToString() => _root.ToString();

    private static HashSet<string> Normalise(IReadOnlyCollection<string>? names)
    {
        var normal = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in names ?? [])
        {
            normal.Add(ProjectName.TryParse(name, out var parsed) ? parsed.Normal : name);
        }

        return normal;
    }
}
