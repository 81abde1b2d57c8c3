namespace Torchyard.Containers.Gpus;

/// <summary>What this process says that it holds. Dispose it when that is over.</summary>
public sealed class PublishedClaim : IDisposable
{
    private readonly GpuClaims _claims;
    private readonly string? _name;
    private readonly string? _container;
    private readonly IReadOnlyList<string> _gpus;
    private string? _file;

    internal PublishedClaim(GpuClaims claims, string? name, string? container, IReadOnlyList<string> gpus) =>
        (_claims, _name, _container, _gpus) = (claims, name, container, gpus);

    /// <summary>Says it again where the record has gone, as when the user has logged out.</summary>
    public void Renew()
    {
        if (_file is null || !_claims.IsThere(_file))
        {
            _file = _claims.Write(_name, _container, _gpus);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (_file is not null)
        {
            _claims.Remove(_file);
            _file = null;
        }

        _claims.RemoveDead();
    }
}
