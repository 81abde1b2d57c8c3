using System.Diagnostics;
using Torchyard.Containers.Logs;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;

namespace Torchyard.Containers.Network;

/// <summary>What runs beside a container with a network of its own: the way out and the published ports.</summary>
internal sealed class PrivateNetwork : IDisposable
{
    private Process? _outgoing;
    private PortRelay? _relay;

    /// <summary>Starts both for a container whose program has not started yet; does nothing for other networks.</summary>
    public static async Task<PrivateNetwork> StartAsync(
        ContainerDirectory directory,
        ContainerRecord record,
        ProcessIdentity init,
        SelfProgram self,
        LogWriter log
    )
    {
        var network = new PrivateNetwork();
        if (record.Network == NetworkMode.Host)
        {
            return network;
        }

        try
        {
            network._relay = await PortRelay.StartAsync(directory, record, init, self);
            if (record.Network == NetworkMode.Private)
            {
                if (OutgoingNetwork.Find() is { } program)
                {
                    network._outgoing = OutgoingNetwork.Start(program, init.Id, record.Rootless);
                }
                else
                {
                    log.Write(
                        "stderr",
                        "torchyard: no outgoing connections: slirp4netns is not installed or /dev/net/tun cannot be opened\n"u8
                    );
                }
            }

            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _relay?.Dispose();
        if (_outgoing is { HasExited: false })
        {
            _outgoing.Kill();
        }

        _outgoing?.Dispose();
    }
}
