namespace Torchyard.Containers.Namespaces;

/// <summary>One namespace for all mounts with the same ids: each costs a process.</summary>
internal sealed class IdMapNamespaces : IDisposable
{
    private readonly Dictionary<string, IdMapNamespace> _spaces = new(StringComparer.Ordinal);

    /// <summary>The namespace with these ids.</summary>
    public IdMapNamespace Get(IdMapping ids)
    {
        var key = string.Join(' ', IdMapping.Arguments(ids.Uids)) + ";" + string.Join(' ', IdMapping.Arguments(ids.Gids));
        if (!_spaces.TryGetValue(key, out var space))
        {
            _spaces[key] = space = IdMapNamespace.Create(ids);
        }

        return space;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var space in _spaces.Values)
        {
            space.Dispose();
        }
    }
}
