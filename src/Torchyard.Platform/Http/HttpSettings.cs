using System.Net;
using System.Net.Security;

namespace Torchyard.Platform.Http;

/// <summary>How servers are talked to.</summary>
public sealed record HttpSettings
{
    /// <summary>Chooses the proxy of an address; null for none.</summary>
    public IWebProxy? Proxy { get; init; }

    /// <summary>Login for an address, asked for each hop of a redirect anew: none reaches a host that it is not for.</summary>
    public Func<Uri, NetworkCredential?> Credential { get; init; } = static _ => null;

    /// <summary>False when an answer that leads elsewhere is the answer.</summary>
    public bool FollowsRedirects { get; init; } = true;

    /// <summary>
    /// Throws when an address that was asked for may not lead on to another one. The default refuses what leads from https to anything
    /// else.
    /// </summary>
    public Action<HttpRedirect> Permit { get; init; } = HttpRedirect.RefuseLessSafe;

    /// <summary>Judges certificates in place of the system; null leaves it to the system.</summary>
    public RemoteCertificateValidationCallback? Certificates { get; init; }

    /// <summary>Content codings that are undone. None where bytes are compared with a hash or asked for in parts.</summary>
    public DecompressionMethods Decompression { get; init; } = DecompressionMethods.None;

    /// <summary>Longest time until a connection stands.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Longest silence of a server, before its answer and within it.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest silence of a server once it has all that it was sent: it may have to put gigabytes into their place.</summary>
    public TimeSpan SilenceAfterSending { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Connections to one host at once.</summary>
    public int ConnectionsPerHost { get; init; } = 16;

    /// <summary>
    /// Told the address of each connection that stands, before anything goes through it; throws where it may not lead. Null for nobody. A
    /// proxy's connections are the proxy's.
    /// </summary>
    public Action<DnsEndPoint, IPAddress>? Reached { get; init; }

    /// <summary>Clock of the time limits.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
