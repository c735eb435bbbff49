"""Apache OpenDAL: any of its services, with its blocking and with its asynchronous operator."""
